package pinned_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/kithdata/kith/internal/kit/pinned"
)

func TestWaitReturnsOnceThePinIsPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := pinned.New[string]()
		m.Put(1, "one")
		got := make(chan string, 1)
		go func() {
			v, err := m.Wait(t.Context(), 3)
			if err != nil {
				t.Error(err)
			}
			got <- v
		}()
		synctest.Wait()
		m.Put(2, "two") // wakes the waiter in vain
		synctest.Wait()
		select {
		case v := <-got:
			t.Fatalf("Wait gave %q before its pin was put", v)
		default:
		}
		m.Put(3, "three")
		if v := <-got; v != "three" {
			t.Fatalf("got %q", v)
		}
		if v, ok := m.Get(1); !ok || v != "one" {
			t.Fatalf("pin 1 was lost: %q %v", v, ok)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	m := pinned.New[int]()
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("stopping")
	cancel(why)
	if _, err := m.Wait(ctx, 1); !errors.Is(err, why) {
		t.Fatalf("got %v", err)
	}
	if _, ok := m.Get(1); ok {
		t.Fatal("a pin that was never put is there")
	}
}
