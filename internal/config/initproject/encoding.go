package initproject

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
)

// encodingOf guesses in which encoding a file is that begins with head; empty where the
// file source sees it by itself: UTF-8, UTF-16, and what of the rest is Windows-1252.
func encodingOf(head []byte) string {
	if i := bytes.LastIndexByte(head, '\n'); i > 0 {
		head = head[:i]
	}
	high, runs := 0, 0
	for i, c := range head {
		if c == 0 {
			return "" // UTF-16
		}
		if c >= 0x80 {
			high++
			if i > 0 && head[i-1] >= 0x80 {
				runs++
			}
		}
	}
	if high < 4 || utf8.Valid(head) || bytes.HasPrefix(head, []byte{0xFE, 0xFF}) || bytes.HasPrefix(head, []byte{0xFF, 0xFE}) {
		return ""
	}
	if 5*runs >= 2*high { // letters of Latin scripts with a mark seldom stand side by side
		return foreign(head)
	}
	best, least := "", oddities(decoded(head, "windows-1252"))
	for _, name := range []string{"windows-1250", "iso-8859-2", "macintosh"} {
		if odd := oddities(decoded(head, name)); 3*odd < least {
			best, least = name, odd
		}
	}
	return best
}

func decoded(b []byte, name string) string {
	e, err := htmlindex.Get(name)
	if err != nil {
		return ""
	}
	text, _ := e.NewDecoder().Bytes(b)
	return string(text)
}

// oddities counts what stands in no word that people write: signs within words, and
// capitals behind small letters.
func oddities(text string) int {
	n := 0
	var before, last rune
	for _, r := range text + " " {
		switch {
		case last < 0x80 || last == 'ª' || last == 'º':
		case last == utf8.RuneError, unicode.IsControl(last):
			n += 3
		case !unicode.IsLetter(last) && !unicode.IsSpace(last) && unicode.IsLetter(before) && (unicode.IsLetter(r) || !strings.ContainsRune("’“”…–—®™", last)):
			n++
		case !unicode.IsLetter(last) && unicode.IsLower(r) && !strings.ContainsRune("‘“«„", last):
			n++
		case unicode.IsUpper(last) && unicode.IsLower(before):
			n++
		}
		before, last = last, r
	}
	return n
}

// foreign tells the encodings of other scripts by how usual the letters are that they give.
func foreign(head []byte) string {
	const (
		chinese  = "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长姓名邮箱手机电话地址市区路号省县街性别男女公司客户编号日期城"
		trad     = "的一是不了人我在有他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可她裡後小麼心多天而能好都然沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三已老從動兩長姓名郵箱手機電話地址市區路號省縣街性別男女公司客戶編號日期城"
		japanese = "会員番号氏名生年月日性別郵便住所電話登録男女東京都道府県市区町村顧客大小田中山川本木林井藤佐鈴高橋村石子美太郎一二三"
	)
	usual := func(letters string, ranges ...*unicode.RangeTable) func(rune) bool {
		return func(r rune) bool { return strings.ContainsRune(letters, r) || unicode.In(r, ranges...) }
	}
	best, most := "", 0.35
	for _, c := range []struct {
		name string
		is   func(rune) bool
	}{
		{"shift_jis", usual(japanese, unicode.Hiragana, unicode.Katakana)}, {"euc-jp", usual(japanese, unicode.Hiragana, unicode.Katakana)},
		{"gb18030", usual(chinese)}, {"big5", usual(trad)}, {"euc-kr", usual("", unicode.Hangul)},
		{"windows-1251", usual("оеаинтсрвлкмд")}, {"koi8-r", usual("оеаинтсрвлкмд")}, {"ibm866", usual("оеаинтсрвлкмд")},
		{"windows-1253", usual("αοιετσνηυρπκλόάίέής")},
	} {
		text := decoded(head, c.name)
		all, good := 0, 0
		for _, r := range text {
			switch {
			case r == utf8.RuneError:
				all += 5
			case r >= 0x80:
				all++
				if c.is(r) {
					good++
				}
			}
		}
		if all > 0 && float64(good)/float64(all) > most {
			best, most = c.name, float64(good)/float64(all)
		}
	}
	return best
}
