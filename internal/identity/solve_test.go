package identity_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/identity"
)

var solveTypes = []string{"user_id", "email", "phone"}

// TestSolve reads cases of testdata/solve; -rewrite writes what comes out. A line is
// one of: node NAME TYPE (customer, user_id, email, phone), limit TYPE N,
// must A B WHEN ID, exact A B [alias], scored A B WEIGHT, cannot A B, person N.
func TestSolve(t *testing.T) {
	datadriven.Walk(t, "testdata/solve", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			g := parseGraph(t, d.Input)
			return renderPartition(g, identity.Solve(g))
		})
	})
}

func parseGraph(t *testing.T, text string) identity.Graph {
	g := identity.Graph{Limits: make([]int, len(solveTypes))}
	at := map[string]int{}
	end := func(name string) int {
		i, ok := at[name]
		if !ok {
			t.Fatalf("no node %s", name)
		}
		return i
	}
	number := func(s string) float64 {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		switch f[0] {
		case "node":
			at[f[1]] = len(g.Nodes)
			g.Nodes = append(g.Nodes, identity.GraphNode{Canonical: f[1], Type: slices.Index(solveTypes, f[2])})
		case "limit":
			g.Limits[slices.Index(solveTypes, f[1])] = int(number(f[2]))
		case "person":
			g.MaxPerson = int(number(f[1]))
		case "cannot":
			g.Cannot = append(g.Cannot, [2]int{end(f[1]), end(f[2])})
		case "must":
			g.Links = append(g.Links, identity.Link{A: end(f[1]), B: end(f[2]), Class: identity.Must, Decided: int64(number(f[3])), Decision: f[4]})
		case "exact":
			g.Links = append(g.Links, identity.Link{A: end(f[1]), B: end(f[2]), Class: identity.Exact, Alias: len(f) > 3})
		case "scored":
			g.Links = append(g.Links, identity.Link{A: end(f[1]), B: end(f[2]), Class: identity.Scored, Weight: number(f[3])})
		default:
			t.Fatalf("unknown line %q", line)
		}
	}
	return g
}

func renderPartition(g identity.Graph, p identity.Partition) string {
	people := map[string][]string{}
	for i, n := range g.Nodes {
		of := g.Nodes[p.Of[i]].Canonical
		people[of] = append(people[of], n.Canonical)
	}
	var lines []string
	for _, members := range people {
		sort.Strings(members)
		lines = append(lines, "person "+strings.Join(members, " "))
	}
	sort.Strings(lines)
	var refused []string
	for _, r := range p.Refused {
		l := g.Links[r.Link]
		a, b := g.Nodes[l.A].Canonical, g.Nodes[l.B].Canonical
		line := fmt.Sprintf("refused %v %s %s: %v", l.Class, min(a, b), max(a, b), r.Why)
		if r.Why == identity.MaxPerProfile {
			line += " " + solveTypes[r.Type]
		}
		refused = append(refused, line)
	}
	return strings.Join(append(lines, refused...), "\n") + "\n"
}

// I3: the order in which nodes and links are given means nothing, and what comes
// out keeps what it promises.
func TestSolveKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 14).Draw(t, "nodes")
		g := identity.Graph{MaxPerson: rapid.IntRange(2, 10).Draw(t, "person"), Limits: []int{1, rapid.IntRange(0, 2).Draw(t, "limit"), 0}}
		for i := range n {
			g.Nodes = append(g.Nodes, identity.GraphNode{Canonical: fmt.Sprint("n", i), Type: rapid.IntRange(-1, 2).Draw(t, "type")})
		}
		node := rapid.IntRange(0, n-1)
		for i := range rapid.IntRange(0, 24).Draw(t, "links") {
			l := identity.Link{A: node.Draw(t, "a"), B: node.Draw(t, "b"), Class: pick(t, "class", identity.Must, identity.Exact, identity.Exact, identity.Scored)}
			switch l.Class {
			case identity.Must:
				l.Decided, l.Decision = int64(rapid.IntRange(0, 3).Draw(t, "decided")), fmt.Sprint("d", i)
			case identity.Exact:
				l.Alias = rapid.IntRange(0, 3).Draw(t, "alias") == 0
			case identity.Scored:
				l.Weight = float64(rapid.IntRange(0, 3).Draw(t, "weight"))
			}
			g.Links = append(g.Links, l)
		}
		for range rapid.IntRange(0, 3).Draw(t, "cannots") {
			if a, b := node.Draw(t, "a"), node.Draw(t, "b"); a != b {
				g.Cannot = append(g.Cannot, [2]int{a, b})
			}
		}
		p := identity.Solve(g)
		size := map[int]int{}
		for _, of := range p.Of {
			size[of]++
		}
		for of, s := range size {
			if s > g.MaxPerson {
				t.Fatalf("person %d has %d nodes", of, s)
			}
		}
		for _, c := range g.Cannot {
			if p.Of[c[0]] == p.Of[c[1]] {
				t.Fatalf("a cannot-link was broken")
			}
		}
		refused := map[int]bool{}
		for _, r := range p.Refused {
			refused[r.Link] = true
		}
		for i, l := range g.Links {
			if p.Of[l.A] != p.Of[l.B] && !refused[i] {
				t.Fatalf("a link was neither taken nor refused")
			}
		}
		shuffled, where := shuffle(g, rapid.Uint64().Draw(t, "seed"))
		q := identity.Solve(shuffled)
		for i := range g.Nodes {
			if where[p.Of[i]] != q.Of[where[i]] {
				t.Fatalf("the order of the input shows")
			}
		}
		lines := func(g identity.Graph, p identity.Partition) []string {
			l := strings.Split(renderPartition(g, p), "\n")
			sort.Strings(l)
			return l
		}
		if !slices.Equal(lines(g, p), lines(shuffled, q)) {
			t.Fatalf("the order of the input shows in what is refused")
		}
	})
}

func shuffle(g identity.Graph, seed uint64) (identity.Graph, []int) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	where := rnd.Perm(len(g.Nodes))
	out := identity.Graph{Nodes: make([]identity.GraphNode, len(g.Nodes)), MaxPerson: g.MaxPerson, Limits: g.Limits}
	for i, n := range g.Nodes {
		out.Nodes[where[i]] = n
	}
	for _, i := range rnd.Perm(len(g.Links)) {
		l := g.Links[i]
		l.A, l.B = where[l.B], where[l.A]
		out.Links = append(out.Links, l)
	}
	for _, i := range rnd.Perm(len(g.Cannot)) {
		out.Cannot = append(out.Cannot, [2]int{where[g.Cannot[i][1]], where[g.Cannot[i][0]]})
	}
	return out, where
}
