// Package demo is a made-up shop, Harbour & Pine, with six sources of records on
// its customers and the known truth of who is who. It writes the sources' files
// and web traffic, takes them through the whole road by the doors a user would
// use, and tells how well the road did. Everyone in it is invented.
package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/people"
)

// Params size the made-up world. Equal Params give equal worlds.
type Params struct {
	People int
	Seed   uint64
}

// Person is one invented customer, as they truly are.
type Person struct {
	ID                int
	First, Last       string
	Nick              string // what friends call them; empty: the same
	Birth             time.Time
	Email, OldEmail   string // OldEmail: the one before they changed it; empty: none
	Phone             string // national digits after +44, always 10
	Street, Town, Zip string
	User              string   // account at the shop; empty: only ever a guest
	Devices           []string // anonymous ids of their browsers
	House             int      // people of one house share an address
}

// World is the truth, and every record that the sources will say of it.
type World struct {
	Params
	Start    time.Time // the first moment that any record speaks of
	People   []Person
	rng      *rand.Rand
	names    people.Lists
	tablets  []string // devices that stand in the shop and serve everyone
	Mentions []Mention
	index    map[mentionKey]int
}

// Mention is one thing in one source that truly belongs to one person: a row of
// the CRM, an order, a browser. Matching is scored over pairs of mentions.
type Mention struct {
	Source, Key string
	Person      int
	links       []string // canonical identifiers that the road will read from it
}

type mentionKey struct{ source, key string }

// NewWorld invents the people.
func NewWorld(p Params) *World {
	w := &World{Params: p, Start: time.Date(2024, 3, 1, 8, 0, 0, 0, time.UTC), index: make(map[mentionKey]int),
		rng: rand.New(rand.NewPCG(p.Seed, 0x6b697468)), names: people.Britain()}
	for i := range max(1, p.People/2000) {
		w.tablets = append(w.tablets, fmt.Sprintf("tablet-%02d-%s", i, w.token(6)))
	}
	w.People = make([]Person, 0, p.People)
	for house := 0; len(w.People) < p.People; house++ {
		size := []int{1, 1, 1, 2, 2, 3}[w.rng.IntN(6)]
		last := pick(w.rng, w.names.Families)
		street := fmt.Sprintf("%d %s", 1+w.rng.IntN(180), pick(w.rng, w.names.Streets))
		place := pick(w.rng, w.names.Towns)
		zip := fmt.Sprintf("%s%d %d%s", place.Area, 1+w.rng.IntN(28), 1+w.rng.IntN(9), w.letters(2))
		for i := 0; i < size && len(w.People) < p.People; i++ {
			p := w.person(len(w.People), house, last, street, place.Town, zip)
			if i > 0 && w.chance(0.01) { // two of a house give one telephone: links alone take them for one person
				p.Phone = w.People[len(w.People)-1].Phone
			}
			w.People = append(w.People, p)
		}
	}
	return w
}

func (w *World) person(id, house int, last, street, town, zip string) Person {
	p := Person{ID: id, House: house, First: pick(w.rng, w.names.Given), Last: last, Street: street, Town: town, Zip: zip}
	if w.chance(0.12) {
		p.Last = pick(w.rng, w.names.Families)
	}
	p.Nick = nicknames[p.First]
	p.Birth = time.Date(1940+w.rng.IntN(65), time.Month(1+w.rng.IntN(12)), 1+w.rng.IntN(28), 0, 0, 0, 0, time.UTC)
	p.Email = w.address(p)
	if w.chance(0.10) {
		p.OldEmail = w.address(p)
	}
	p.Phone = fmt.Sprintf("7%s%08d", []string{"4", "5", "7", "8", "9"}[w.rng.IntN(5)], w.rng.IntN(100_000_000))
	if w.chance(0.80) {
		p.User = fmt.Sprintf("u-%06d", 100_000+id)
	}
	for range 1 + w.rng.IntN(2) {
		p.Devices = append(p.Devices, fmt.Sprintf("web-%s-%06x", w.token(8), id))
	}
	return p
}

// address is an e-mail address that nobody else in the world has.
func (w *World) address(p Person) string {
	host := pick(w.rng, []string{"mail.example.com", "post.example.net", "inbox.example.org", "example.com", "webmail.example.net"})
	name := strings.ToLower(p.First + []string{".", "", "_"}[w.rng.IntN(3)] + p.Last)
	name = strings.NewReplacer("'", "", " ", "", "ö", "o", "é", "e", "ü", "u", "ñ", "n").Replace(name)
	return fmt.Sprintf("%s%d@%s", name, p.ID*7+w.rng.IntN(7), host)
}

// mention notes a mention; links are what the road can join it by.
func (w *World) mention(source, key string, person int, links ...string) {
	at := mentionKey{source, key}
	if i, ok := w.index[at]; ok {
		w.Mentions[i].links = append(w.Mentions[i].links, links...)
		return
	}
	w.index[at] = len(w.Mentions)
	w.Mentions = append(w.Mentions, Mention{Source: source, Key: key, Person: person, links: links})
}

func (w *World) chance(p float64) bool { return w.rng.Float64() < p }

func (w *World) token(n int) string {
	const alphabet = "0123456789abcdefghijkmnpqrstuvwxyz"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[w.rng.IntN(len(alphabet))]
	}
	return string(b)
}

func (w *World) letters(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "ABDEFGHJLNPQRSTUWXYZ"[w.rng.IntN(20)]
	}
	return string(b)
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }
