package match

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func load(path string) (*Table, []string) {
	f, _ := os.Open(path)
	defer f.Close()
	r := csv.NewReader(f)
	head, _ := r.Read()
	var names []string
	id, label := -1, -1
	for i, h := range head {
		switch h {
		case "id":
			id = i
		case "label":
			label = i
		default:
			names = append(names, h)
		}
	}
	b := NewBuilder(names)
	var labels []string
	for {
		row, err := r.Read()
		if err != nil {
			break
		}
		var vs []string
		for i, v := range row {
			if i == label {
				labels = append(labels, v)
			} else if i != id {
				vs = append(vs, v)
			}
		}
		b.Add(vs, 0)
	}
	return b.Table(), labels
}

func measure(of []int32, labels []string) (p, r, f float64) {
	n2 := func(n int) float64 { return float64(n) * float64(n-1) / 2 }
	a, b, ab := map[int32]int{}, map[string]int{}, map[string]int{}
	for i := range of {
		a[of[i]]++
		b[labels[i]]++
		ab[fmt.Sprint(of[i], " ", labels[i])]++
	}
	var x, y, z float64
	for _, n := range a {
		x += n2(n)
	}
	for _, n := range b {
		y += n2(n)
	}
	for _, n := range ab {
		z += n2(n)
	}
	p, r = z/max(x, 1), z/y
	return p, r, 2 * p * r / max(p+r, 1e-9)
}

func TestMeasure(t *testing.T) {
	for _, n := range strings.Fields(os.Getenv("SETS")) {
		tb, labels := load(filepath.Join("/tmp/h/set", n+".csv"))
		s := time.Now()
		var r0, r1 syscall.Rusage
		syscall.Getrusage(0, &r0)
		res := Run(tb, Config{})
		syscall.Getrusage(0, &r1)
		p, r, f := measure(res.Of, labels)
		fmt.Printf("%-10s n=%d people=%d compared=%d P=%.4f R=%.4f F1=%.4f %.2fs cpu %.2fs\n", n, tb.Rows, res.People, res.Compared, p, r, f, time.Since(s).Seconds(), float64(r1.Utime.Nano()-r0.Utime.Nano())/1e9)
	}
}

func TestShow(t *testing.T) {
	for _, n := range strings.Fields(os.Getenv("SHOW")) {
		tb, _ := load(filepath.Join("/tmp/h/set", n+".csv"))
		m := newMatcher(tb, Config{})
		mo := m.learn()
		tm, tn := 0.0, 0.0
		pp, pt, pf := 0.0, 0.0, 0.0
		for _, p := range m.evidence.pairs {
			w := mo.prior + m.weigh(mo, p.a, p.b, p.pattern)
			if labels[m.rows[p.a]] == labels[m.rows[p.b]] {
				tm += m.evidence.every
				if w > 0 {
					pt += m.evidence.every
				}
			} else {
				tn += m.evidence.every
				if w > 0 {
					pf += m.evidence.every
				}
			}
			pp += probability(w) * m.evidence.every
		}
		fmt.Printf("%s prior=%.2f rules=%d pairs=%d true=%.0f not=%.0f est=%.0f TP=%.0f FP=%.0f\n", n, mo.prior, len(m.evidence.rules), len(m.evidence.pairs), tm, tn, pp, pt, pf)
		rules := m.choose(mo)
		edges, _ := m.score(mo, rules)
		all := map[string]float64{}
		for _, l := range labels {
			all[l]++
		}
		truth := 0.0
		for _, k := range all {
			truth += k * (k - 1) / 2
		}
		for _, th := range []float32{-2, 0, 2, 4, 6, 10} {
			tp, n := 0.0, 0.0
			par := make([]int32, tb.Rows)
			for i := range par {
				par[i] = int32(i)
			}
			find := func(i int32) int32 {
				for par[i] != i {
					par[i] = par[par[i]]
					i = par[i]
				}
				return i
			}
			for _, x := range edges {
				if x.bits > th {
					n++
					par[find(int32(x.a))] = find(int32(x.b))
					if labels[m.rows[x.a]] == labels[m.rows[x.b]] {
						tp++
					}
				}
			}
			of := make([]int32, tb.Rows)
			for i := range of {
				of[m.rows[i]] = find(int32(i))
			}
			p, r, f := measure(of, labels)
			m.config.Accept = probability(float64(th))
			res := m.cluster(mo, edges)
			p2, r2, f2 := measure(res.Of, labels)
			fmt.Printf("  th=%.0f pairs P=%.4f R=%.4f  CC P=%.4f R=%.4f F=%.4f  avg P=%.4f R=%.4f F=%.4f\n", th, tp/n, tp/truth, p, r, f, p2, r2, f2)
		}
		for _, r := range rules {
			fmt.Printf("  rule %s %.0f\n", m.describe(r), r.pairs)
		}
		if os.Getenv("BRIEF") != "" {
			continue
		}
		for i, f := range m.fields {
			par := "-"
			if mo.parent[i] >= 0 {
				par = m.fields[mo.parent[i]].name
			}
			fmt.Printf("  %s %s parent=%s unmatched=%.3f\n", f.name, f.kind, par, m.evidence.unmatched(i))
			// truth
			var cm, cn [mostLevels]float64
			for _, p := range m.evidence.pairs {
				if labels[m.rows[p.a]] == labels[m.rows[p.b]] {
					cm[p.pattern.at(i)] += m.evidence.every
				} else {
					cn[p.pattern.at(i)] += m.evidence.every
				}
			}
			sm := 0.0
			for l := 1; l < 8; l++ {
				sm += cm[l]
			}
			for s := range states {
				if par == "-" && s != other {
					continue
				}
				fmt.Printf("    %d:", s)
				for l := 1; l <= int(f.kind.apart()); l++ {
					fmt.Printf(" %.4f/%.2g(%.1f)", mo.m[i][s][l], mo.u[i][s][l], mo.weight[i][s][l])
				}
				fmt.Println()
			}
			fmt.Print("    true m:")
			for l := 1; l <= int(f.kind.apart()); l++ {
				fmt.Printf(" %.4f", cm[l]/sm)
			}
			fmt.Println()
		}
	}
}
