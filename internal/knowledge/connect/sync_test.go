package connect_test

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/knowledge"
	"github.com/parley-chat/parley/internal/knowledge/connect"
)

// shelf is a base in memory.
type shelf struct {
	files map[string]string // texts by id
	docs  []knowledge.Document
	n     int
}

func newShelf() *shelf { return &shelf{files: map[string]string{}} }

func (s *shelf) Documents(context.Context, chat.Scope, string) ([]knowledge.Document, error) {
	list := slices.Clone(s.docs)
	slices.Reverse(list)
	return list, nil
}

func (s *shelf) AddFile(_ context.Context, _ chat.Scope, name, _ string, data io.Reader) (knowledge.File, error) {
	text, err := io.ReadAll(data)
	if err != nil {
		return knowledge.File{}, err
	}
	if len(text) > 1000 {
		return knowledge.File{}, fault.TooLarge("too large")
	}
	s.n++
	id := fmt.Sprint(s.n)
	s.files[id] = string(text)
	return knowledge.File{ID: id, Name: name}, nil
}

func (s *shelf) Add(_ context.Context, _ chat.Scope, _, file string, attributes map[string]any) (knowledge.Document, error) {
	s.docs = append(s.docs, knowledge.Document{File: file, Attributes: attributes})
	return s.docs[len(s.docs)-1], nil
}

func (s *shelf) Remove(_ context.Context, _ chat.Scope, _, file string) error {
	s.docs = slices.DeleteFunc(s.docs, func(d knowledge.Document) bool { return d.File == file })
	return nil
}

func (s *shelf) DeleteFile(_ context.Context, _ chat.Scope, id string) error {
	delete(s.files, id)
	return nil
}

// paths are those of the documents, without the host of a site.
func (s *shelf) paths() string {
	var list []string
	for _, d := range s.docs {
		path, _ := d.Attributes["path"].(string)
		if u, err := url.Parse(path); err == nil {
			path = u.Path
		}
		list = append(list, path)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func try(t *testing.T, lib connect.Library, o connect.Origin) (connect.Report, error) {
	t.Helper()
	return connect.Sync(t.Context(), lib, chat.Scope{}, "base", o)
}

func syncs(t *testing.T, lib connect.Library, o connect.Origin) connect.Report {
	t.Helper()
	r, err := try(t, lib, o)
	if err != nil || len(r.Failed) > 0 {
		t.Fatalf("%+v %v", r, err)
	}
	return r
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.md"), "a")
	write(t, filepath.Join(dir, "sub", "b.md"), "b")
	write(t, filepath.Join(dir, ".git", "config"), "no")
	write(t, filepath.Join(dir, ".hidden"), "no")
	if err := os.Symlink(filepath.Join(dir, "a.md"), filepath.Join(dir, "link.md")); err != nil {
		t.Fatal(err)
	}
	origin, err := connect.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	lib := newShelf()
	// Somebody's own document, and another origin's with the same path: they stay whatever happens.
	lib.docs = append(lib.docs, knowledge.Document{File: "own", Attributes: map[string]any{}},
		knowledge.Document{File: "other", Attributes: map[string]any{"origin": "file:///elsewhere", "path": "gone.md", "version": "1"}})
	if r := syncs(t, lib, origin); r.Added != 2 || lib.paths() != " a.md gone.md sub/b.md" {
		t.Errorf("%+v: %s", r, lib.paths())
	}
	if r := syncs(t, lib, origin); r.Same != 2 || r.Added+r.Changed+r.Gone != 0 {
		t.Errorf("%+v", r)
	}
	write(t, filepath.Join(dir, "a.md"), "a, changed")
	if err := os.Remove(filepath.Join(dir, "sub", "b.md")); err != nil {
		t.Fatal(err)
	}
	if r := syncs(t, lib, origin); r.Changed != 1 || r.Gone != 1 || lib.paths() != " a.md gone.md" || len(lib.files) != 1 {
		t.Errorf("%+v: %s, %d files", r, lib.paths(), len(lib.files))
	}
	// What is refused keeps what was there, and the others come.
	write(t, filepath.Join(dir, "a.md"), strings.Repeat("a", 2000))
	write(t, filepath.Join(dir, "c.md"), "c")
	if r, err := try(t, lib, origin); err != nil || len(r.Failed) != 1 || r.Added != 1 || lib.paths() != " a.md c.md gone.md" {
		t.Errorf("%+v %v: %s", r, err, lib.paths())
	}
	// A run that was cut off had brought the new version and not taken out the old one.
	lib.docs = append([]knowledge.Document{{File: "left", Attributes: lib.docs[len(lib.docs)-1].Attributes}}, lib.docs...)
	if _, err := try(t, lib, origin); err != nil || strings.Count(lib.paths(), "c.md") != 1 {
		t.Errorf("%v: %s", err, lib.paths())
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := try(t, lib, origin); err == nil || !strings.Contains(lib.paths(), "a.md") {
		t.Errorf("a folder that is not there empties the base: %v", err)
	}
}

func TestOneFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "only.md")
	write(t, path, "x")
	origin, err := connect.OpenFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	lib := newShelf()
	if r := syncs(t, lib, origin); r.Added != 1 || lib.paths() != "only.md" {
		t.Errorf("%+v: %s", r, lib.paths())
	}
	if _, err := connect.OpenFolder(path + ".gone"); err == nil {
		t.Error("a path that is not there is opened")
	}
}
