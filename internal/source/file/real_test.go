//go:build integration

package file_test

import (
	"os"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

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

// gateway is a bucket of a server that speaks S3.
type gateway struct {
	t *testing.T
	*servers.S3
	client *minio.Client
}

func newGateway(t *testing.T) depot {
	s, err := servers.StartS3(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	client, err := minio.New(s.Addr(), &minio.Options{Creds: credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""), Region: "us-east-1"})
	if err == nil {
		err = client.MakeBucket(t.Context(), "depot", minio.MakeBucketOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return gateway{t, s, client}
}

func (g gateway) put(name, content string) {
	if _, err := g.client.PutObject(g.t.Context(), "depot", "exports/"+name, strings.NewReader(content), int64(len(content)), minio.PutObjectOptions{}); err != nil {
		g.t.Fatal(err)
	}
}

func (g gateway) remove(name string) {
	if err := g.client.RemoveObject(g.t.Context(), "depot", "exports/"+name, minio.RemoveObjectOptions{}); err != nil {
		g.t.Fatal(err)
	}
}

func (g gateway) configure(c *file.Config, glob string) {
	c.Path, c.AllowPrivate = "s3://depot/exports/"+glob, true
	c.S3 = file.S3{Endpoint: "http://" + g.Addr(), AccessKey: g.AccessKey, SecretKey: g.SecretKey}
}

// TestRealPlaces is TestPlaces and TestPlacesLarge with servers that others wrote.
func TestRealPlaces(t *testing.T) {
	for name, make := range map[string]func(*testing.T) depot{"openssh": newOpenSSH, "s3": newGateway} {
		t.Run(name, func(t *testing.T) { testPlace(t, make(t)) })
		t.Run(name+" large", func(t *testing.T) { testLarge(t, make(t), "a.csv") })
		t.Run(name+" large zipped", func(t *testing.T) { testLarge(t, make(t), "a.csv.gz") })
	}
}
