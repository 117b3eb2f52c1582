package cleanse

import (
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func webSteps() []stepDef {
	return []stepDef{
		{doc: StepDoc{Name: "ip", Args: "as: address (default), network (the first 24 bits of an IPv4 address, 48 of an IPv6 one) or private (true or false)",
			What:  "Writes an IP address in its one canonical form; one of IPv4 within IPv6 as IPv4.",
			Table: [][2]string{{"::ffff:192.0.2.1", "192.0.2.1"}, {"2001:DB8:0::1", "2001:db8::1"}, {"192.0.2.1:443", "192.0.2.1"}, {"300.1.1.1", ""}},
			More: []Table{{Args: map[string]string{"as": "network"}, Rows: [][2]string{{"192.0.2.77", "192.0.2.0"}, {"2001:db8:1:2::5", "2001:db8:1::"}}},
				{Args: map[string]string{"as": "private"}, Rows: [][2]string{{"10.0.0.1", "true"}, {"192.0.2.1", "false"}}}}},
			args: []string{"as"}, dear: true, picky: true, make: makeIP},
		{doc: StepDoc{Name: "language", Args: "as: tag (default) or base",
			What:  "Writes a language as its BCP 47 tag, from a tag in any spelling, or its name in English or in itself; of the languages that a browser accepts, the first.",
			Table: [][2]string{{"en_us", "en-US"}, {"German", "de"}, {"français", "fr"}, {"zh-hant-tw", "zh-Hant-TW"}, {"en-GB,en;q=0.9", "en-GB"}, {"Klingonian", ""}},
			More:  []Table{{Args: map[string]string{"as": "base"}, Rows: [][2]string{{"pt-BR", "pt"}}}}},
			args: []string{"as"}, dear: true, picky: true, make: makeLanguage},
		{doc: StepDoc{Name: "url", Args: "part: whole (default), host, path or query; tracking: keep (default) or strip",
			What:  "Writes a web address (http or https) in one form: scheme and host in small letters, no default port, no password, no fragment. tracking: strip leaves out utm_ and click ids.",
			Table: [][2]string{{"HTTPS://Example.com:443/a#top", "https://example.com/a"}, {"example.com", "https://example.com/"}, {"http://münchen.example/", "http://xn--mnchen-3ya.example/"}, {"http://jo:pw@example.com/?a=1", "http://example.com/?a=1"}, {"javascript:alert(1)", ""}, {"not a url", ""}},
			More: []Table{{Args: map[string]string{"tracking": "strip"}, Rows: [][2]string{{"https://example.com/p?id=7&utm_source=mail&gclid=x", "https://example.com/p?id=7"}}},
				{Args: map[string]string{"part": "host"}, Rows: [][2]string{{"https://Shop.example.com/x", "shop.example.com"}}},
				{Args: map[string]string{"part": "path"}, Rows: [][2]string{{"https://example.com/a/b?c=d", "/a/b"}}}}},
			args: []string{"part", "tracking"}, dear: true, picky: true, make: makeURL},
		{doc: StepDoc{Name: "user_agent", Args: "part: browser (default), os or device",
			What:  "Reads a browser's user agent: the family of the browser or system, or the device as desktop, mobile, tablet, tv or bot.",
			Table: [][2]string{{chromeOnWindows, "Chrome"}, {"curl/8.5.0", "curl"}, {"???", ""}},
			More: []Table{{Args: map[string]string{"part": "os"}, Rows: [][2]string{{chromeOnWindows, "Windows"}, {safariOnPhone, "iOS"}}},
				{Args: map[string]string{"part": "device"}, Rows: [][2]string{{safariOnPhone, "mobile"}, {"Mozilla/5.0 (compatible; Googlebot/2.1)", "bot"}}}}},
			args: []string{"part"}, dear: true, picky: true, make: makeUserAgent},
		{doc: StepDoc{Name: "utm", Args: "part: source (default), medium, campaign, term, content or id",
			What:  "Takes one UTM parameter out of a web address; null where it has none.",
			Table: [][2]string{{"https://example.com/?utm_source=Mail&utm_medium=x", "Mail"}, {"https://example.com/", ""}},
			More:  []Table{{Args: map[string]string{"part": "campaign"}, Rows: [][2]string{{"https://example.com/?utm_campaign=spring+sale", "spring sale"}}}}},
			args: []string{"part"}, dear: true, picky: true, make: makeUTM},
	}
}

const (
	chromeOnWindows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
	safariOnPhone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)

func makeIP(s StepConfig) (stepFunc, *errs.Error) {
	as, fault := choose(s, "as", "address", "network", "private")
	if fault != nil {
		return nil, fault
	}
	parse := func(text string) (netip.Addr, bool) {
		if at, err := netip.ParseAddrPort(text); err == nil {
			return at.Addr().WithZone("").Unmap(), true
		}
		a, err := netip.ParseAddr(strings.Trim(text, "[]"))
		return a.WithZone("").Unmap(), err == nil
	}
	if as == "private" {
		return flag(func(text string) (bool, bool) {
			a, ok := parse(text)
			return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified(), ok
		}), nil
	}
	return read(100, func(text string) (string, bool) {
		a, ok := parse(text)
		if !ok {
			return "", false
		}
		if as == "network" {
			bits := 48
			if a.Is4() {
				bits = 24
			}
			p, err := a.Prefix(bits)
			return p.Addr().String(), err == nil
		}
		return a.String(), true
	}), nil
}

// flag is a step that says yes or no of a text.
func flag(fn func(string) (yes, ok bool)) stepFunc {
	return func(v record.Value) (record.Value, bool) {
		if v.Kind == record.Bool {
			return v, true
		}
		if v.Kind != record.String {
			return v, false
		}
		s := strings.TrimFunc(v.S, isSpace)
		if s == "" {
			return record.Value{}, true
		}
		if len(s) > 2048 {
			return v, false
		}
		yes, ok := fn(s)
		return record.BoolValue(yes), ok
	}
}

func makeLanguage(s StepConfig) (stepFunc, *errs.Error) {
	as, fault := choose(s, "as", "tag", "base")
	if fault != nil {
		return nil, fault
	}
	names := map[string]language.Tag{}
	english := display.English.Languages()
	for _, tag := range append(display.Supported.Tags(), language.Make("nb")) {
		if _, script, region := tag.Raw(); script != (language.Script{}) || region != (language.Region{}) {
			continue
		}
		names[fold(english.Name(tag))], names[fold(display.Self.Name(tag))] = tag, tag
	}
	names["norwegian"] = language.Make("no")
	delete(names, "")
	return read(64, func(text string) (string, bool) {
		tag, ok := names[fold(text)]
		if !ok && strings.ContainsAny(text, ",;") { // en-GB,en;q=0.9, as a browser says it
			if tags, _, err := language.ParseAcceptLanguage(text); err == nil && len(tags) > 0 {
				tag, ok = tags[0], !tags[0].IsRoot()
			}
		}
		if !ok {
			var err error
			if tag, err = language.Parse(strings.ReplaceAll(text, "_", "-")); err != nil || tag.IsRoot() {
				return "", false
			}
		}
		base, _, _ := tag.Raw()
		if base == (language.Base{}) { // x-something
			return "", false
		}
		if as == "base" {
			return base.String(), true
		}
		return tag.String(), true
	}), nil
}

// webAddress reads an http or https address; one without a scheme is taken for https.
func webAddress(text string) (*url.URL, bool) {
	if strings.ContainsFunc(text, isSpace) {
		return nil, false
	}
	if rest, ok := strings.CutPrefix(text, "//"); ok {
		text = rest
	}
	if !strings.Contains(text, "://") {
		if host, _, _ := strings.Cut(text, "/"); strings.Contains(host, "@") { // mailto:jo@example.com
			return nil, false
		}
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" {
		return nil, false
	}
	u.Scheme = strings.ToLower(u.Scheme)
	host, port := strings.ToLower(u.Hostname()), u.Port()
	host = strings.TrimSuffix(host, ".")
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, false
	}
	if _, err := netip.ParseAddr(host); err != nil {
		if host, err = idna.Lookup.ToASCII(host); err != nil || !validDomain(host) {
			return nil, false
		}
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && !(u.Scheme == "http" && port == "80") && !(u.Scheme == "https" && port == "443") {
		host += ":" + port
	}
	u.Host, u.User, u.Fragment, u.RawFragment = host, nil, "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	u.ForceQuery = false
	return u, true
}

func makeURL(s StepConfig) (stepFunc, *errs.Error) {
	part, fault := choose(s, "part", "whole", "host", "path", "query")
	if fault != nil {
		return nil, fault
	}
	tracking, fault := choose(s, "tracking", "keep", "strip")
	if fault != nil {
		return nil, fault
	}
	return read(8192, func(text string) (string, bool) {
		u, ok := webAddress(text)
		if !ok {
			return "", false
		}
		if tracking == "strip" {
			u.RawQuery = withoutTracking(u.RawQuery)
		}
		out := u.String()
		switch part {
		case "host":
			out = u.Hostname()
		case "path":
			out = u.EscapedPath()
		case "query":
			out = u.RawQuery
		}
		return strings.ToValidUTF8(out, ""), true
	}), nil
}

func withoutTracking(query string) string {
	var kept []string
	for p := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(strings.ToLower(p), "=")
		switch name {
		case "gclid", "fbclid", "msclkid", "dclid", "gbraid", "wbraid", "mc_cid", "mc_eid", "igshid", "ttclid", "twclid", "yclid":
			continue
		}
		if !strings.HasPrefix(name, "utm_") && p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "&")
}

func makeUTM(s StepConfig) (stepFunc, *errs.Error) {
	part, fault := choose(s, "part", "source", "medium", "campaign", "term", "content", "id")
	if fault != nil {
		return nil, fault
	}
	return read(8192, func(text string) (string, bool) {
		_, query, ok := strings.Cut(text, "?")
		if !ok && !strings.Contains(text, "/") { // the query alone
			query = text
		}
		query, _, _ = strings.Cut(query, "#")
		values, _ := url.ParseQuery(query)         // a broken pair hides no other
		for _, name := range sortedNames(values) { // whatever their case
			if strings.EqualFold(name, "utm_"+part) && values.Get(name) != "" {
				return strings.ToValidUTF8(strings.TrimFunc(values.Get(name), isSpace), ""), true
			}
		}
		return "", true
	}), nil
}

// agents lists what a user agent holds and what it means; the first that is there
// counts, as browsers name those that they want to be taken for.
func agents(part string) [][2]string {
	switch part {
	case "os":
		return [][2]string{{"iphone", "iOS"}, {"ipad", "iOS"}, {"ipod", "iOS"}, {"android", "Android"}, {"windows", "Windows"}, {"cros ", "ChromeOS"}, {"mac os x", "macOS"}, {"macintosh", "macOS"}, {"linux", "Linux"}, {"freebsd", "FreeBSD"}}
	case "device":
		return [][2]string{{"cubot", "mobile"}, {"bot", "bot"}, {"crawler", "bot"}, {"spider", "bot"}, {"slurp", "bot"}, {"curl/", "bot"}, {"wget/", "bot"}, {"python-requests", "bot"}, {"go-http-client/", "bot"}, {"headlesschrome", "bot"}, {"smart-tv", "tv"}, {"smarttv", "tv"}, {"appletv", "tv"}, {"googletv", "tv"},
			{"ipad", "tablet"}, {"tablet", "tablet"}, {"iphone", "mobile"}, {"mobile", "mobile"}, {"android", "tablet"}, {"windows", "desktop"}, {"macintosh", "desktop"}, {"cros ", "desktop"}, {"linux", "desktop"}}
	}
	return [][2]string{{"googlebot", "Googlebot"}, {"bingbot", "Bingbot"}, {"edg/", "Edge"}, {"edga/", "Edge"}, {"edgios/", "Edge"}, {"edge/", "Edge"}, {"opr/", "Opera"}, {"opera", "Opera"}, {"vivaldi/", "Vivaldi"},
		{"yabrowser/", "Yandex Browser"}, {"samsungbrowser/", "Samsung Internet"}, {"firefox/", "Firefox"}, {"fxios/", "Firefox"}, {"headlesschrome/", "Headless Chrome"}, {"crios/", "Chrome"}, {"chrome/", "Chrome"}, {"chromium/", "Chromium"},
		{"trident/", "Internet Explorer"}, {"msie ", "Internet Explorer"}, {"safari/", "Safari"}, {"curl/", "curl"}, {"wget/", "Wget"}, {"python-requests/", "python-requests"}, {"okhttp/", "okhttp"}, {"go-http-client/", "Go-http-client"}, {"dalvik/", "Dalvik"}}
}

func makeUserAgent(s StepConfig) (stepFunc, *errs.Error) {
	part, fault := choose(s, "part", "browser", "os", "device")
	if fault != nil {
		return nil, fault
	}
	known := agents(part)
	return read(2048, func(text string) (string, bool) {
		text = strings.ToLower(text)
		for _, a := range known {
			if strings.Contains(text, a[0]) {
				return a[1], true
			}
		}
		return "", false
	}), nil
}
