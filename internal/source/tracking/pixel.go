package tracking

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Pixel is the event that the image of one e-mail stands for.
type Pixel struct {
	Source      string         `json:"s"`
	Event       string         `json:"e"`
	UserID      string         `json:"u,omitempty"`
	AnonymousID string         `json:"a,omitempty"`
	Email       string         `json:"m,omitempty"`
	Properties  jsontext.Value `json:"p,omitempty"` // an object
}

// A token is base64url of: the format, the number of the key, a nonce, and the Pixel
// as JSON, sealed with XChaCha20-Poly1305; the first two bytes are authenticated too.
// Nonces of 24 bytes may be drawn at random for as many e-mails as anybody sends.
const (
	pixelFormat   = 1
	pixelHead     = 2
	pixelOverhead = pixelHead + chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead
	// maxToken is the longest token: mail servers and proxies cut longer addresses.
	maxToken = 1_500
	// maxPixel is the longest Pixel, as JSON, that such a token has room for.
	maxPixel = maxToken*3/4 - pixelOverhead
)

// pixelWindow is the time, in microseconds, in which a token counts once: programs that
// show mail load an image twice, or fetch it ahead.
const pixelWindow = 60_000_000

// pixelPath is where images lie.
const pixelPath = "/v1/pixel/"

// tokens is the text of tokens. Strict: the last character has one spelling.
var tokens = base64.RawURLEncoding.Strict()

// badToken is never answered, only counted: whoever asks gets the image.
var badToken = refuse(http.StatusOK, "pixel_token", "the token is not of this project, or its key is retired")

// blank is a transparent GIF of one pixel.
var blank = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01D\x00;")

// pixelCiphers derives the keys of the given numbers from the project's secret.
func pixelCiphers(secret []byte, numbers []int) (map[byte]cipher.AEAD, error) {
	all := map[byte]cipher.AEAD{}
	for _, n := range numbers {
		key, err := hkdf.Key(sha256.New, secret, nil, "kith pixel token "+strconv.Itoa(n), chacha20poly1305.KeySize)
		if err != nil {
			return nil, err
		}
		if all[byte(n)], err = chacha20poly1305.NewX(key); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Seal gives the path of the image that stands for p. Nothing of p can be read from it
// without the project's secret. It fails with codes pixel_source_unknown and bad_pixel.
func (h *Handler) Seal(p Pixel) (path string, err error) {
	src := h.named[p.Source]
	if src == nil || h.ciphers == nil {
		return "", errs.New("pixel_source_unknown", "there is no tracking source of this name").At("/source").Fix("name a source of type tracking of the project's file")
	}
	bad := func(what, at, mend string) error { return errs.New("bad_pixel", what).At(at).Fix(mend) }
	switch {
	case p.Event == "":
		return "", bad("the pixel has no event", "/event", "name what an opened mail is, such as Email Opened")
	case p.UserID == "" && p.AnonymousID == "" && p.Email == "":
		return "", bad("the pixel belongs to nobody", "", "give user_id, anonymous_id or email")
	case p.Properties != nil && (!p.Properties.IsValid() || p.Properties.Kind() != '{'):
		return "", bad("the properties are not a JSON object", "/properties", "write them like {\"campaign\":\"spring\"}")
	}
	if p.Properties != nil {
		p.Properties = bytes.Clone(p.Properties)
		_ = p.Properties.Compact() // valid, as was seen
		if depthOf(p.Properties) > maxDepth {
			return "", bad("the properties are nested more than "+strconv.Itoa(maxDepth)+" levels deep", "/properties", "flatten them")
		}
	}
	text, err := json.Marshal(p)
	if err != nil {
		return "", bad("the pixel is not valid UTF-8", "", "send texts in UTF-8")
	}
	if len(text) > maxPixel {
		return "", bad("the pixel is larger than an address has room for", "", "keep its texts and properties below 1,000 bytes together: put a number into the properties and the rest into a table of your own")
	}
	number := byte(src.PixelKeys[0])
	sealed := make([]byte, pixelHead+chacha20poly1305.NonceSizeX, pixelOverhead+len(text))
	sealed[0], sealed[1] = pixelFormat, number
	_, _ = rand.Read(sealed[pixelHead:]) // never fails since Go 1.24
	sealed = h.ciphers[number].Seal(sealed, sealed[pixelHead:], text, sealed[:pixelHead])
	return pixelPath + tokens.EncodeToString(sealed) + ".gif", nil
}

// unseal opens a token; ok is false for one that is not of this project, or whose
// source is gone or no longer takes its key. sealed is what the token spells.
func (h *Handler) unseal(token string) (src *source, p Pixel, sealed []byte, ok bool) {
	if len(token) > maxToken {
		return nil, p, nil, false
	}
	sealed, err := tokens.DecodeString(token)
	if err != nil || len(sealed) < pixelOverhead || sealed[0] != pixelFormat {
		return nil, p, nil, false
	}
	aead := h.ciphers[sealed[1]]
	if aead == nil {
		return nil, p, nil, false
	}
	nonce, rest := sealed[pixelHead:pixelHead+chacha20poly1305.NonceSizeX], sealed[pixelHead+chacha20poly1305.NonceSizeX:]
	text, err := aead.Open(nil, nonce, rest, sealed[:pixelHead])
	if err != nil || json.Unmarshal(text, &p) != nil {
		return nil, p, nil, false
	}
	if src = h.named[p.Source]; src == nil || !slices.Contains(src.PixelKeys, int(sealed[1])) {
		return nil, p, nil, false
	}
	return src, p, sealed, true
}

// pixel answers with the image, after the event is stored. Asking for the head alone
// shows nothing to anybody, and is no event.
func (h *Handler) pixel(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		showBlank(w)
		return
	}
	start := h.deps.Clock.Now()
	wk := h.pool.Get().(*work)
	src, fault := h.open(r, wk, clock.Micros(start))
	o := Observation{Code: "ok", Status: http.StatusOK, Events: wk.accepted}
	if src != nil {
		o.Source = src.Name
	}
	if fault != nil {
		o.Code, o.Status = string(fault.code), fault.status
	}
	if fault == nil || fault == badToken {
		showBlank(w)
	} else {
		w.Header()["Cache-Control"] = noStore
		fail(w, fault)
	}
	h.observe(wk, o, start)
}

// open stores the event of a token.
func (h *Handler) open(r *http.Request, wk *work, now int64) (*source, *fault) {
	if h.deps.Overloaded != nil && h.deps.Overloaded() {
		return nil, overloaded
	}
	src, p, sealed, ok := h.unseal(strings.TrimSuffix(r.PathValue("token"), ".gif"))
	if !ok {
		return nil, badToken
	}
	wk.asker = askerOf(r)
	wk.emitPixel(src, &p, sealed, now)
	if !wk.charge() {
		return src, overloaded
	}
	if _, err := h.deps.Sink.Put(r.Context(), wk.records); err != nil {
		return src, h.putFault(r, src, err)
	}
	wk.accepted = 1
	return src, nil
}

// emitPixel appends the record of an opened mail. Its id and hash come of the token and
// of the minute alone, so that within one a second load is seen to be a copy.
func (w *work) emitPixel(src *source, p *Pixel, sealed []byte, now int64) {
	c := call{typ: track, properties: p.Properties, mark: src.Mark}
	c.bot, c.internal = w.judge(src.Mark, nil)
	w.identifier("user_id", p.UserID)
	w.identifier("anonymous_id", p.AnonymousID)
	w.identifier("email", p.Email)
	sum := sha256.Sum256(sealed)
	id := "pixel-" + tokens.EncodeToString(sum[:16]) + "-" + strconv.FormatInt(now/pixelWindow, 10)
	w.records = append(w.records, record.Record{ID: id, Source: src.Name, Stream: src.streams[track], Kind: record.Event, Op: record.Upsert,
		Hash: xxhash.Sum64(sealed), Event: p.Event, Identifiers: w.ids, Props: w.eventProps(&c, c.properties)})
}

func showBlank(w http.ResponseWriter) {
	head := w.Header()
	head["Content-Type"] = gifType
	head["Cache-Control"] = noStore
	head["Content-Length"] = []string{strconv.Itoa(len(blank))}
	_, _ = w.Write(blank) // whoever asked may have left; the event is stored
}

var (
	gifType = []string{"image/gif"}
	noStore = []string{"no-store"}
)
