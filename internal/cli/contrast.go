package cli

// spot is a character of a value, and whether the value beside it has it too.
type spot struct {
	r       rune
	differs bool
}

func plainText(s string) []spot {
	var spots []spot
	for _, r := range harmless(s) {
		spots = append(spots, spot{r: r})
	}
	return spots
}

// contrast marks the characters in which two values differ: those outside a longest
// common subsequence, and of long values those between the beginning and the end that
// both have. Where one is missing nothing is marked.
func contrast(a, b string) (x, y []spot) {
	x, y = plainText(a), plainText(b)
	if a == "" || b == "" || a == b {
		return x, y
	}
	from, to := 0, 0
	for from < min(len(x), len(y)) && x[from].r == y[from].r {
		from++
	}
	for to < min(len(x), len(y))-from && x[len(x)-1-to].r == y[len(y)-1-to].r {
		to++
	}
	p, q := x[from:len(x)-to], y[from:len(y)-to]
	for i := range p {
		p[i].differs = true
	}
	for i := range q {
		q[i].differs = true
	}
	const most = 1_000_000 // cells
	if len(p)*len(q) <= most {
		common(p, q)
	}
	return x, y
}

// common clears the marks of a longest common subsequence.
func common(p, q []spot) {
	length := make([][]int32, len(p)+1)
	for i := range length {
		length[i] = make([]int32, len(q)+1)
	}
	for i := len(p) - 1; i >= 0; i-- {
		for j := len(q) - 1; j >= 0; j-- {
			if p[i].r == q[j].r {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(p) && j < len(q); {
		switch {
		case p[i].r == q[j].r:
			p[i].differs, q[j].differs = false, false
			i++
			j++
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
}

// wrap cuts off what fits a width.
func wrap(spots []spot, width int) (line, rest []spot) {
	n := 0
	for i, s := range spots {
		if n += columns(string(s.r)); n > width {
			return spots[:i], spots[i:]
		}
	}
	return spots, nil
}

func breadth(spots []spot) (n int) {
	for _, s := range spots {
		n += columns(string(s.r))
	}
	return n
}
