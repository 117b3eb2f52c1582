package match

// Quality is how a partition of rows compares with the truth.
type Quality struct {
	Precision, Recall, F1 float64 // of pairs of rows
	BCubed                float64 // the F1 of precision and recall by row (Bagga and Baldwin, 1998)
	Largest               int     // rows of the largest cluster
	LargestTrue           int
}

// Evaluate compares the people found with labels, of which two rows share one where
// they are truly one. Rows without a label are left out.
func Evaluate(of []int32, labels []string) Quality {
	type both struct {
		found int32
		label string
	}
	found, truth, common := map[int32]int{}, map[string]int{}, map[both]int{}
	for row, label := range labels {
		if label != "" {
			found[of[row]]++
			truth[label]++
			common[both{of[row], label}]++
		}
	}
	var q Quality
	var pairsFound, pairsTrue, pairsCommon, byFound, byTrue, rows float64
	pairs := func(n int) float64 { return float64(n) * float64(n-1) / 2 }
	for _, n := range found {
		pairsFound += pairs(n)
		q.Largest = max(q.Largest, n)
	}
	for _, n := range truth {
		pairsTrue += pairs(n)
		q.LargestTrue = max(q.LargestTrue, n)
	}
	for c, n := range common {
		pairsCommon += pairs(n)
		byFound += float64(n) * float64(n) / float64(found[c.found])
		byTrue += float64(n) * float64(n) / float64(truth[c.label])
		rows += float64(n)
	}
	q.Precision, q.Recall = share(pairsCommon, pairsFound), share(pairsCommon, pairsTrue)
	q.F1 = harmonic(q.Precision, q.Recall)
	q.BCubed = harmonic(share(byFound, rows), share(byTrue, rows))
	return q
}

// share is part of whole, and 1 where there is nothing to find.
func share(part, whole float64) float64 {
	if whole == 0 {
		return 1
	}
	return part / whole
}

func harmonic(p, r float64) float64 {
	if p+r == 0 {
		return 0
	}
	return 2 * p * r / (p + r)
}
