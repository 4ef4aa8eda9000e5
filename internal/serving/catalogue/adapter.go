package catalogue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/gguf"
)

// Adapter says what an adapter's file is to be used for.
type Adapter struct {
	Base  string  `json:"base"`  // id of the installed model that it changes
	Scale float32 `json:"scale"` // how much of it is added; 1 is what it was trained for
	// Tenants are the ids of those that have it; none means all.
	Tenants []string `json:"tenants,omitempty"`
}

// maxScale is far above what makes sense: an adapter that is added ten times drowns its base.
const maxScale = 10

// AddAdapter installs a copy of an adapter's file as a model of its own name. The file is checked against the
// base first; what is wrong with it is fault.Invalid.
func (c *Catalogue) AddAdapter(ctx context.Context, file, id string, a Adapter, p Progress) error {
	if !validID(id) {
		return fault.Invalid("%q is no model id: use letters, digits, dots and dashes", id)
	}
	if _, listed := c.table.find(id); listed {
		return fault.Conflict("%q is a model of the catalogue: choose another id", id)
	}
	if !(a.Scale > 0 && a.Scale <= maxScale) {
		return fault.Invalid("the scale must be above 0 and at most %d; 1 is what an adapter was trained for", maxScale)
	}
	base, err := c.item(a.Base)
	if err != nil {
		return err
	}
	if base.Kind != serving.KindChat || base.Adapter != nil || !base.Usable() {
		return fault.Invalid("%q cannot be the base of an adapter: it must be an installed chat model", a.Base)
	}
	if _, err := gguf.InspectAdapter(file, base.Original); err != nil {
		return fault.Invalid("%s is no adapter for %s: %v", filepath.Base(file), a.Base, err)
	}
	return locked(ctx, c.models, p, func() error {
		if _, there, err := c.find(id); err != nil {
			return err
		} else if there {
			return fault.Conflict("there is a model %q already; remove it first with: parley model rm %s", id, id)
		}
		return inTemp(c.models, func(tmp string) error { return c.addAdapter(ctx, file, id, a, tmp, p) })
	})
}

// addAdapter copies and notes a file that was checked. The folder is locked.
func (c *Catalogue) addAdapter(ctx context.Context, file, id string, a Adapter, tmp string, p Progress) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if err := c.room(c.models, info.Size()); err != nil {
		return err
	}
	copied := filepath.Join(tmp, id+modelExt)
	sum, err := copyHashed(ctx, file, copied, p, "copying "+id)
	if err != nil {
		return err
	}
	final := filepath.Join(c.models, id+modelExt)
	if err := place(copied, final); err != nil {
		return fmt.Errorf("install %s: %w", id, err)
	}
	if info, err = os.Stat(final); err != nil {
		return err
	}
	return c.changeManifest(func(m manifest) {
		m.Models[id] = record{
			stamp: stamp{Size: info.Size(), ModTime: info.ModTime(), SHA256: sum}, Kind: serving.KindChat, License: "unknown",
			Source: "file " + filepath.Base(file), Installed: time.Now().UTC().Truncate(time.Second), Adapter: &a,
		}
	})
}

// copyHashed copies a file to the disk and returns its SHA-256.
func copyHashed(ctx context.Context, from, to string, p Progress, step string) (sum string, err error) {
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o644) //nolint:gosec // see locked
	if err != nil {
		return "", err
	}
	sum, err = hashFile(ctx, from, p, step, out)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return "", fmt.Errorf("copy %s: %w", from, err)
	}
	return sum, nil
}

// describeAdapter makes the item of an adapter's file. Its base is among what was found, if it is installed.
func (c *Catalogue) describeAdapter(id, path string, known record, found map[string]Item) Item {
	a := known.Adapter
	item := Item{
		Entry: Entry{ID: id, Name: id, Kind: serving.KindChat, License: known.License}, Path: path, Original: path,
		State: StateInstalled, Adapter: a, created: known.Installed.Unix(),
	}
	base, there := found[a.Base]
	info, err := os.Stat(path)
	switch {
	case err != nil:
		item.State, item.Problem = StateDamaged, err.Error()
	case !known.matches(info):
		item.State, item.Problem = StateDamaged, "its file is not the one that was added; remove it and add it again"
	case !there || !base.Usable():
		item.State, item.Problem = StateDamaged, fmt.Sprintf("it is an adapter of %s, which is not installed", a.Base)
	default:
		model := base.model()
		item.base, item.Context, item.Projector = &model, base.Context, base.Projector
		item.Size, item.installed = info.Size(), info.Size()
	}
	return item
}
