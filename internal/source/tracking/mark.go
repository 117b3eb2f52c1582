package tracking

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// Mark says of which events it is told that no customer made them. They are kept; what
// to do with them is the reader's choice.
type Mark struct {
	Bots     bool           // is_bot: the user agent is a robot's
	Internal []netip.Prefix // is_internal: the address lies in one of these
}

// The members that a marked event has besides its properties. As with the context, a
// property of that name gets ownPrefix.
const (
	botName      = "is_bot"
	internalName = "is_internal"
)

// botWords are what robots' user agents have in common, in lower case: nearly all of
// them name themselves, and those that do not cannot be told by their name.
var botWords = [...]string{"bot", "crawl", "spider", "slurp", "headlesschrome", "lighthouse", "pingdom", "facebookexternalhit", "preview", "scrapy", "monitoring"}

func isBot(agent string) bool {
	agent = strings.ToLower(agent)
	for _, word := range botWords {
		if strings.Contains(agent, word) {
			return true
		}
	}
	return false
}

func (m Mark) isInternal(address string) bool {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	for _, p := range m.Internal {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// asker is who sent a request, as the connection and the header say.
type asker struct{ remote, agent string }

func askerOf(r *http.Request) asker {
	return asker{remote: r.RemoteAddr, agent: r.UserAgent()}
}

// address is the request's own, the zero Addr where it has none.
func (a asker) address() netip.Addr {
	from, _ := netip.ParseAddrPort(a.remote)
	return from.Addr().Unmap().WithZone("")
}

// addIP gives the envelope's context the request's address, where it has no ip; an item's
// own counts before it, as with all that is merged.
func (w *work) addIP() {
	address := w.asker.address()
	if !address.IsValid() {
		return
	}
	o, ok := object(w.env.context)
	for ok && o.next() {
		if o.is("ip") {
			return
		}
	}
	from := len(w.arena)
	w.arena = append(w.arena, '{')
	w.arena = append(w.arena, inner(w.env.context)...)
	w.add("ip", record.AppendJSONString(nil, address.String()))
	w.arena = append(w.arena, '}')
	w.env.context = w.arena[from:len(w.arena):len(w.arena)]
}

// judge marks the event of a call. What its context says counts before what the request
// shows, which for a server's library is that server.
func (w *work) judge(m Mark, context []byte) (bot, internal bool) {
	if !m.Bots && len(m.Internal) == 0 {
		return false, false
	}
	agent, address := w.asker.agent, w.asker.address().String() // the zero Addr's is no address
	for _, from := range [][]byte{w.env.context, context} {
		o, ok := object(from)
		for ok && o.next() {
			switch s, _ := w.text(o.value); {
			case s == "":
			case o.is("userAgent"):
				agent = s
			case o.is("ip"):
				address = s
			}
		}
	}
	return m.Bots && isBot(agent), m.isInternal(address)
}
