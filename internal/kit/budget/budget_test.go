package budget_test

import (
	"testing"

	"github.com/kithdata/kith/internal/kit/budget"
)

func TestNobodyTakesMoreThanThereIs(t *testing.T) {
	b := budget.New(10)
	if !b.Take(6) || b.Take(5) || !b.Take(4) {
		t.Error("six and four of ten fit, and five beside six do not")
	}
	b.Give(6)
	if b.Take(7) || !b.Take(6) {
		t.Error("what was refused was taken, or what was given back is not there")
	}
}
