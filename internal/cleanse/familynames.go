package cleanse

import (
	"strings"
	"sync"
	"unicode"
)

// eastNames are tables of family names as East Asia writes them.
type eastNames struct {
	ko, zh    map[rune]bool   // of one character
	koTwo     map[string]bool // of two
	zhTwo     map[string]bool
	jaWhole   map[string]bool
	jaFirst   map[rune]bool // the first characters of jaWhole
	jaLongest int
}

var familyNames = sync.OnceValue(func() *eastNames {
	n := &eastNames{ko: map[rune]bool{}, zh: map[rune]bool{}, koTwo: setOf("남궁 황보 제갈 선우 독고 사공 서문 동방 망절 어금"),
		zhTwo: setOf("欧阳 歐陽 司马 司馬 上官 诸葛 諸葛 司徒 东方 東方 皇甫 尉迟 尉遲 公孙 公孫 慕容 令狐 宇文 长孙 長孫 夏侯 轩辕 軒轅 端木 百里 呼延 南宫 南宮 独孤 獨孤 西门 西門 拓跋 东郭 東郭 澹台 申屠 太史")}
	for _, c := range "김이박최정강조윤장임한오서신권황안송류유전홍고문양손배백허남심노하곽성차주우구민진지엄채원천방공현함변염여추도소석선설마길연위표명기반라나왕금옥육인맹제모탁국어은편용예경봉사부가복태목형피두감음빈동온호범좌팽승간상시갈" {
		n.ko[c] = true
	}
	for _, c := range "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何林罗羅高郑鄭梁谢謝宋唐许許邓鄧冯馮韩韓曹曾彭萧蕭肖蔡潘田董袁于余叶葉蒋蔣杜苏蘇魏程吕呂丁沈任姚卢盧傅钟鐘姜崔谭譚廖范範汪陆陸金石戴贾賈韦韋夏邱方侯邹鄒熊孟秦白江阎閻薛尹段雷黎史龙龍陶贺賀顾顧毛郝龚龔邵万萬钱錢严嚴赖賴覃洪武莫孔汤湯" +
		"向常温溫康施文牛樊葛邢安齐齊易乔喬伍庞龐颜顏倪庄莊聂聶章鲁魯岳翟殷詹申欧歐耿关關兰蘭焦俞左柳甘祝包宁寧尚符舒阮柯纪紀梅童凌毕畢单單季裴霍涂成苗谷盛曲翁冉骆駱蓝藍路游辛靳管柴蒙鲍鮑华華喻祁蒲房滕屈饶饒解牟艾尤阳陽穆农農卓古吉缪繆简簡车車项項连連芦麦麥褚娄婁窦竇戚岑景党黨宫宮费費卜冷晏席卫衛米柏" +
		"宗瞿桂全佟应應臧闵閔苟邬鄔边邊卞姬师師仇栾欒隋商刁沙荣榮巫寇桑郎甄丛叢仲虞敖巩鞏明佘池查麻苑迟遲邝鄺" {
		n.zh[c] = true
	}
	n.jaWhole = setOf("佐藤 鈴木 高橋 田中 伊藤 渡辺 渡邊 渡邉 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 斎藤 斉藤 齋藤 齊藤 清水 山崎 池田 橋本 阿部 石川 山下 中島 石井 小川 前田 岡田 長谷川 藤田 後藤 近藤 村上 遠藤 青木 坂本 福田 太田 西村 藤井 金子 藤原 岡本 三浦 中野 中川 原田 松田 竹内 小野 田村 中山 和田 石田 " +
		"森田 上田 内田 柴田 酒井 宮崎 横山 高木 安藤 宮本 大野 小島 谷口 今井 工藤 高田 増田 丸山 杉山 村田 大塚 新井 小山 平野 藤本 河野 上野 野口 武田 松井 千葉 菅原 岩崎 久保 木下 佐野 野村 松尾 市川 菊地 菊池 杉本 古川 大西 島田 水野 桜井 渡部 高野 吉川 山内 西田 飯田 西川 小松 北村 安田 五十嵐 川口 平田 中田 久保田 " +
		"服部 岩田 土屋 川崎 福島 本田 樋口 秋山 田口 永井 山中 中西 吉村 川上 大島 石原 松岡 馬場 浜田 森本 星野 矢野 浅野 大久保 吉岡 藤川 松下 小池 伊東 片山 荒木 大橋 野田 黒田 大石 内藤 須藤 熊谷 本間 松村 荒井 堀内 大川 望月 永田 栗原 尾崎 早川 小沢 福井 大谷 吉野 岡崎 関口 田辺 西山 川村 川島 八木 石橋 三宅 高山 足立 奥村 " +
		"桑原 宮田 沢田 中井 片岡 小田 入江 根本 白石 黒木 榎本 平井 柳田 森山 上原 須田 桑田 若林 塚本 平山 早坂 菅野 神田 篠原 今村 大山 津田 萩原 角田 秋元 宇野 豊田 本多 村山 松浦 福永 稲垣 竹田 植田 鎌田 三上 滝沢 宮下 梅田 川田 古賀 大森 倉田 内山 中尾 土井 夏目 安倍 岸田 小泉 羽生 宮沢 宮澤 黒澤 黒沢 大江 三島 川端 芥川 太宰 " +
		"佐久間 小田切 小笠原 長谷部 宇佐美 東海林 日比野 波多野 阿久津 小野寺 小野田 大河内 宇都宮 小山田 小山内 高見沢 瀬戸口 曽我部 三田村 中曽根 長曽我部 金田一 小早川 伊集院 二階堂 西園寺 武者小路 勅使河原 久保寺 佐々 御手洗 小宮山 八木沢 飯塚 石塚 大平 大竹 大田 岡村 奥田 片桐 金井 川本 北川 久野 小西 坂口 坂井 島崎 白井 高島 " +
		"谷川 寺田 富田 中原 西野 野中 長田 長野 畠山 浜崎 平川 広瀬 藤沢 藤野 堀江 堀田 牧野 松原 宮川 村井 室井 森下 柳沢 山岸 山根 横田 吉本 米田 秋田 天野 石黒 市村 岩本 上村 江口 大木 岡部 小倉 織田 徳川 豊臣 坂田 桐生 戸田 中沢 永野 成田 南雲 新田 西尾 沼田 野崎 橋口 花田 原口 樋渡 福本 藤岡 古田 細川 本庄 増井 町田 三木 水谷 溝口 村松 吉沢 若松")
	n.jaFirst = make(map[rune]bool, len(n.jaWhole))
	for name := range n.jaWhole {
		n.jaFirst[[]rune(name)[0]] = true
		n.jaLongest = max(n.jaLongest, len([]rune(name)))
	}
	return n
})

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// korean gives how many syllables are the family name, 0 where that is not known.
func (n *eastNames) korean(name []rune) int {
	switch {
	case len(name) < 2 || len(name) > 4:
		return 0
	case len(name) > 2 && n.koTwo[string(name[:2])]:
		return 2
	case len(name) < 4 && n.ko[name[0]]:
		return 1
	}
	return 0
}

// chinese gives how many characters are the family name: one and a given name of one or
// two, or two of a table.
func (n *eastNames) chinese(name []rune) int {
	for _, c := range name {
		if !unicode.Is(unicode.Han, c) || c == '々' {
			return 0
		}
	}
	switch {
	case len(name) < 2 || len(name) > 4 || len(name) == 2 && n.zhTwo[string(name)]:
		return 0
	case len(name) > 2 && n.zhTwo[string(name[:2])]:
		return 2
	case len(name) < 4 && n.zh[name[0]]:
		return 1
	}
	return 0
}

// japanese gives how many characters are the family name: the longest of the table that
// leaves a given name of up to four.
func (n *eastNames) japanese(name []rune) int {
	for size := min(n.jaLongest, len(name)-1); size > 1; size-- {
		if n.jaWhole[string(name[:size])] && len(name)-size <= 4 {
			return size
		}
	}
	return 0
}
