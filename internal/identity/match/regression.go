package match

import "math"

// regression finds weights, in bits, by which examples are most likely, where each
// weight is taken to lie about zero (Gaussian, of so many bits' spread).
type regression struct {
	examples []example
	weights  int
	spread   float64
}

// example is one verdict: its odds before any weight, and the weights that count in it.
type example struct {
	offset     float64 // bits
	ones       []int
	same       bool
	importance float64
}

func (e *example) odds(w []float64) float64 {
	z := e.offset
	for _, i := range e.ones {
		z += w[i]
	}
	return z
}

// cost is minus the logarithm of how likely weights are, with the examples.
func (r *regression) cost(w []float64) float64 {
	sum := 0.0
	for _, v := range w {
		sum += v * v / (2 * r.spread * r.spread)
	}
	for i := range r.examples {
		e := &r.examples[i]
		z := e.odds(w)
		if e.same {
			z = -z
		}
		if z > 50 {
			sum += e.importance * z * math.Ln2
		} else {
			sum += e.importance * math.Log1p(math.Exp2(z))
		}
	}
	return sum
}

// solve is Newton's way, with steps halved until they help.
func (r *regression) solve() []float64 {
	w := make([]float64, r.weights)
	cost := r.cost(w)
	for range 50 {
		step := r.step(w)
		next := make([]float64, len(w))
		better := math.Inf(1)
		for part := 1.0; part > 1e-4 && better >= cost; part /= 2 {
			for i := range w {
				next[i] = w[i] + part*step[i]
			}
			better = r.cost(next)
		}
		if cost-better < 1e-6 {
			break
		}
		w, cost = next, better
	}
	return w
}

func (r *regression) step(w []float64) []float64 {
	down := make([]float64, len(w)) // the way down the slope
	curve := make([][]float64, len(w))
	for i, v := range w {
		curve[i] = make([]float64, len(w))
		curve[i][i] = 1 / (r.spread * r.spread)
		down[i] = -v / (r.spread * r.spread)
	}
	for i := range r.examples {
		e := &r.examples[i]
		p := probability(e.odds(w))
		miss := -p
		if e.same {
			miss++
		}
		for _, i := range e.ones {
			down[i] += e.importance * miss * math.Ln2
			for _, j := range e.ones {
				curve[i][j] += e.importance * p * (1 - p) * math.Ln2 * math.Ln2
			}
		}
	}
	return cholesky(curve, down)
}

// cholesky solves a·x = b for a symmetric, positive a, which it writes over.
func cholesky(a [][]float64, b []float64) []float64 {
	n := len(b)
	x := make([]float64, n)
	for i := range n {
		for j := range i + 1 {
			s := a[i][j]
			for k := range j {
				s -= a[i][k] * a[j][k]
			}
			if i == j {
				a[i][i] = math.Sqrt(s)
			} else {
				a[i][j] = s / a[j][j]
			}
		}
		s := b[i]
		for k := range i {
			s -= a[i][k] * x[k]
		}
		x[i] = s / a[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		s := x[i]
		for k := i + 1; k < n; k++ {
			s -= a[k][i] * x[k]
		}
		x[i] = s / a[i][i]
	}
	return x
}
