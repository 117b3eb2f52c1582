//go:build integration

package file_test

import (
	"os"
	"testing"

	"github.com/kithdata/kith/internal/servers"
	"github.com/kithdata/kith/internal/source/file"
)

// openSSH is a folder that OpenSSH's own server serves.
type openSSH struct {
	*folderDepot
	*servers.SSH
}

func (d openSSH) configure(c *file.Config, glob string) {
	key, err := os.ReadFile(d.ClientKey)
	if err != nil {
		d.t.Fatal(err)
	}
	c.Path, c.AllowPrivate = "sftp://"+d.User+"@"+d.Addr()+d.dir+"/"+glob, true
	c.SFTP = file.SFTP{PrivateKey: string(key), HostKeys: []string{d.HostKey}}
}

func newOpenSSH(t *testing.T) depot {
	s, err := servers.StartSSH(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return openSSH{&folderDepot{t, t.TempDir()}, s}
}

// TestRealPlaces is TestPlaces and TestPlacesLarge with servers that others wrote.
func TestRealPlaces(t *testing.T) {
	for name, make := range map[string]func(*testing.T) depot{"openssh": newOpenSSH} {
		t.Run(name, func(t *testing.T) { testPlace(t, make(t)) })
		t.Run(name+" large", func(t *testing.T) { testLarge(t, make(t), "a.csv") })
		t.Run(name+" large zipped", func(t *testing.T) { testLarge(t, make(t), "a.csv.gz") })
	}
}
