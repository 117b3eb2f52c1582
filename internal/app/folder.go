package app

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/govern/access"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

// path names a file or folder within the data folder.
func (a *App) path(parts ...string) string {
	return filepath.Join(append([]string{a.tree.Data}, parts...)...)
}

func (a *App) openFolder(context.Context) error {
	for _, dir := range []string{a.tree.Data, a.path("keys")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return errs.Wrap("data_folder", "making the data folder", plainPath(err)).At(dir).Fix("give the user who runs Kith the right to write there, or name another folder under data:")
		}
	}
	a.closeTo(a.tree.Data, 0o027) // a group may be let in to make backups
	a.closeTo(a.path("keys"), 0o077)
	return a.makeHasher()
}

// makeHasher makes the hasher with the key that the file names, or that of the data
// folder: before the engine makes a new folder look like one that has data.
func (a *App) makeHasher() (err error) {
	if c := a.tree.Engine.Cluster; c != nil && c.HashKey != "" {
		if a.key, err = hex.DecodeString(c.HashKey); err != nil || len(a.key) < 16 {
			return errs.New("bad_value", "the hash key is not at least 32 hexadecimal digits").At("engine.cluster.hash_key").Fix("write the key in hexadecimal")
		}
	} else if a.key, err = a.secret("hash.key"); err != nil {
		return err
	}
	a.hasher, err = record.NewHasher(a.key)
	return err
}

// checkHasher compares the key with the one that the state was made with. All processes
// of one state must have the same: with another, no identifier would be found again, and
// each person come to be twice.
func (a *App) checkHasher(ctx context.Context) error {
	return pipeline.CheckHasher(ctx, a.engine.State, a.hasher)
}

// chainName names this process's audit chain among those whose heads lie in one state:
// each data folder of a cluster has a chain of its own. A folder whose name was lost
// begins another chain, and the head of the old one stays behind in the state.
func (a *App) chainName() (string, error) {
	if a.tree.Engine.Cluster == nil {
		return "main", nil
	}
	id, err := a.secret("process.id")
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(id[:8]), nil
}

// closeTo takes rights from a folder or file that was made by others than Kith, and
// says so where it cannot: what lies there is people's data, or the keys to it.
func (a *App) closeTo(path string, rights fs.FileMode) {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&rights == 0 || runtime.GOOS == "windows" { // there, rights are lists that a mode does not show
		return
	}
	if err := os.Chmod(path, info.Mode().Perm()&^rights); err != nil {
		a.log.Warn("other users of this machine may read what they should not", "path", path, "error", plainPath(err),
			"mend", "let nobody but Kith's user in (chmod 700)")
	}
}

// plainPath is the bare reason of a file system's fault.
func plainPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// secret reads a random key of this data folder, making it the first time. Keys are
// files of their own, so that they can be kept apart from the data.
func (a *App) secret(name string) ([]byte, error) {
	path := a.path("keys", name)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if entries, _ := os.ReadDir(a.path("state")); name == "hash.key" && len(entries) > 0 {
			return nil, errs.New("hash_key_lost", "the data folder has data, but its hash key is missing").At(path).
				Fix("bring the key file back from where keys are kept: without it no identifier in this folder can be found again")
		}
		text = []byte(hex.EncodeToString(record.NewHashKey()) + "\n")
		err = writeFile(path, text, 0o600)
	}
	a.closeTo(path, 0o077)
	if err != nil {
		return nil, errs.Wrap("key_file", "reading a key", plainPath(err)).At(path).Fix("check the file's rights")
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) < 16 {
		return nil, errs.New("key_file", "the key file does not hold a key").At(path).Fix("bring the original file back")
	}
	return key, nil
}

// writeFile writes a whole file or none: a torn key would lock the data away.
func writeFile(path string, data []byte, mode os.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

// Local is how commands on this machine reach the server of a data folder.
type Local struct {
	Address string `json:"address"` // base URL; empty while no server runs
	Key     string `json:"key"`     // an admin key
	PID     int    `json:"pid"`
}

// ReadLocal reads how to reach the server of a data folder; ok is false where none
// has run there yet.
func ReadLocal(data string) (l Local, ok bool) {
	text, err := os.ReadFile(filepath.Join(data, "keys", "local.json"))
	if err != nil {
		return l, false
	}
	return l, json.Unmarshal(text, &l) == nil
}

func (a *App) writeLocal(l Local) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return writeFile(a.path("keys", "local.json"), append(text, '\n'), 0o600)
}

// localKey makes the admin key of commands on this machine, readable by the data
// folder's owner alone.
func (a *App) localKey(ctx context.Context) error {
	l, ok := ReadLocal(a.tree.Data)
	if ok {
		if _, err := a.keys.Authenticate(ctx, l.Key); err == nil {
			return nil
		}
	}
	l = Local{Key: access.NewSecret(access.Admin)}
	if _, err := a.keys.CreateWithSecret(ctx, "commands on this machine", access.Admin, l.Key); err != nil {
		return err
	}
	return a.writeLocal(l)
}

func (a *App) announce(address string) error {
	l, _ := ReadLocal(a.tree.Data)
	l.Address, l.PID = address, os.Getpid()
	if address == "" {
		l.PID = 0
	}
	return a.writeLocal(l)
}

// waitFor calls try until it gives true, with growing pauses, or ctx ends.
func waitFor(ctx context.Context, try func() (bool, error)) error {
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		done, err := try()
		if done || err != nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
