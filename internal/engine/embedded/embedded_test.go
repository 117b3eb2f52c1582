package embedded_test

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/embedded"
	"github.com/kithdata/kith/internal/engine/enginetest"
)

func TestConformance(t *testing.T) {
	for _, partitions := range []int32{1, 2, 5} {
		t.Run(fmt.Sprintf("%d partitions", partitions), func(t *testing.T) {
			enginetest.Run(t, partitions, func(t *testing.T, o enginetest.Options) enginetest.Store {
				known := goleak.IgnoreCurrent()
				t.Cleanup(func() { goleak.VerifyNone(t, known) })
				fs := vfs.NewMem()
				return enginetest.Store{Open: func(t *testing.T) *engine.Engine {
					t.Helper()
					e, err := embedded.Open(t.Context(), engine.EmbeddedConfig{
						Dir: "data", Partitions: o.Partitions, TopicPartitions: o.TopicPartitions, CacheBytes: 1 << 20,
					}, embedded.Deps{FS: fs, Strict: true, Conflict: o.Conflict})
					if err != nil {
						t.Fatal(err)
					}
					return e
				}}
			})
		})
	}
}
