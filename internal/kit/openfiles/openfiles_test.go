package openfiles_test

import (
	"testing"

	"github.com/kithdata/kith/internal/kit/openfiles"
)

func TestShare(t *testing.T) {
	for _, c := range []struct{ limit, want int }{{openfiles.Unlimited, 10_000}, {20_000, 10_000}, {1024, 512}, {256, 128}, {10, 16}} {
		if got := openfiles.Share(c.limit, 1, 2, 10_000); got != c.want {
			t.Errorf("half of %d is %d, want %d", c.limit, got, c.want)
		}
	}
	if n := openfiles.Limit(); n < 16 || n > openfiles.Unlimited {
		t.Errorf("the limit is %d", n)
	}
}
