package demo

// Score compares the people that were found with those that are true, over all
// pairs of mentions.
type Score struct {
	Mentions      int     `json:"mentions"`
	PeopleTrue    int     `json:"people_true"`
	Precision     float64 `json:"precision"`
	Recall        float64 `json:"recall"`
	RecallCeiling float64 `json:"recall_ceiling"` // what links by equal identifiers can reach at the most
	F1            float64 `json:"f1"`
	Isolated      float64 `json:"isolated"` // share of mentions that share no identifier with the rest of their person's
}

// Score scores an assignment of mentions to profiles; found gives the profile of
// the i-th mention, empty for one that belongs to nobody.
func (w *World) Score(found func(i int) string) Score {
	type cell struct {
		person  int
		profile string
	}
	persons, profiles, both := map[int]int{}, map[string]int{}, map[cell]int{}
	for i := range w.Mentions {
		person, profile := w.Mentions[i].Person, found(i)
		persons[person]++
		if profile == "" {
			continue
		}
		profiles[profile]++
		both[cell{person, profile}]++
	}
	truePairs, foundPairs, rightPairs := pairs(persons), pairs(profiles), pairs(both)
	s := Score{Mentions: len(w.Mentions), PeopleTrue: len(persons), Precision: ratio(rightPairs, foundPairs), Recall: ratio(rightPairs, truePairs)}
	linkable, isolated := w.linkable()
	s.RecallCeiling = ratio(linkable, truePairs)
	s.Isolated = ratio(isolated, len(w.Mentions))
	if s.Precision+s.Recall > 0 {
		s.F1 = 2 * s.Precision * s.Recall / (s.Precision + s.Recall)
	}
	return s
}

func pairs[K comparable](groups map[K]int) (n int) {
	for _, size := range groups {
		n += size * (size - 1) / 2
	}
	return n
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

// linkable counts the true pairs that a path of equal identifiers joins within
// their person, and the mentions that share none with the rest of it.
func (w *World) linkable() (joined, isolated int) {
	byPerson := make(map[int][]int)
	for i := range w.Mentions {
		byPerson[w.Mentions[i].Person] = append(byPerson[w.Mentions[i].Person], i)
	}
	for _, list := range byPerson {
		root := make(map[int]int, len(list))
		var find func(int) int
		find = func(i int) int {
			if r, ok := root[i]; ok && r != i {
				root[i] = find(r)
				return root[i]
			}
			return i
		}
		first := make(map[string]int)
		for _, i := range list {
			root[i] = i
		}
		for _, i := range list {
			for _, link := range w.Mentions[i].links {
				if other, ok := first[link]; ok {
					root[find(i)] = find(other)
				} else {
					first[link] = i
				}
			}
		}
		sizes := make(map[int]int)
		for _, i := range list {
			sizes[find(i)]++
		}
		joined += pairs(sizes)
		if len(list) > 1 {
			for _, n := range sizes {
				if n == 1 {
					isolated++
				}
			}
		}
	}
	return joined, isolated
}
