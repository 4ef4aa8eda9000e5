package shelf

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/serving/llama/batching"
)

// seal is a Sealer that turns the bytes over and binds them to tenant and place.
type seal struct{}

func (seal) Seal(_ context.Context, tenant string, plain, aad []byte) ([]byte, error) {
	out := slices.Concat([]byte(tenant+"\n"), aad, []byte("\n"), plain)
	slices.Reverse(out)
	return out, nil
}

func (seal) Open(_ context.Context, tenant string, sealed, aad []byte) ([]byte, error) {
	plain := slices.Clone(sealed)
	slices.Reverse(plain)
	plain, ok := bytes.CutPrefix(plain, slices.Concat([]byte(tenant+"\n"), aad, []byte("\n")))
	if !ok {
		return nil, errors.New("another's")
	}
	return plain, nil
}

func newShelf(t *testing.T, dir string, memory int) *Shelf {
	t.Helper()
	return New(dir, Config{MemoryMB: memory, DiskMB: 8, For: time.Hour}, seal{}, zap.NewNop())
}

// conversation is n tokens that no other number begins with.
func conversation(number, n int) []int32 {
	tokens := make([]int32, n)
	for i := range tokens {
		tokens[i] = int32(number*1000 + i)
	}
	return tokens
}

func stateOf(number, kib int) []byte { return bytes.Repeat([]byte{byte(number)}, kib<<10) }

func tenant(name string) batching.Owner { return batching.Owner{Tenant: name} }

// find returns how many tokens of a conversation are in memory, and checks the state.
func find(t *testing.T, p *Part, owner string, number int) int {
	t.Helper()
	state, _, n := p.Find(tenant(owner), conversation(number, 200), 0)
	if state != nil && state[0] != byte(number) {
		t.Errorf("conversation %d has the state of %d", number, state[0])
	}
	return n
}

func files(t *testing.T, dir string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return paths
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	s := New("", Config{MemoryMB: 1}, nil, zap.NewNop())
	p, other := s.Model("m"), s.Model("other")
	for i := range 5 {
		p.Put(tenant("a"), conversation(i, 100), stateOf(i, 300), false)
		find(t, p, "a", 0) // used, so that it stays
	}
	p.Put(tenant("a"), conversation(9, 100), stateOf(9, 2000), false) // more than there is room for
	for i, want := range []int{100, 0, 0, 100, 100} {
		if got := find(t, p, "a", i); got != want {
			t.Errorf("conversation %d: %d tokens, want %d", i, got, want)
		}
	}
	if find(t, p, "a", 9) != 0 || find(t, p, "b", 4) != 0 || find(t, other, "a", 4) != 0 {
		t.Error("what is too large, another owner's or another model's was found")
	}
	if !p.Has(tenant("a"), conversation(4, 50)) || p.Has(tenant("a"), conversation(4, 101)) {
		t.Error("Has does not tell what is there")
	}
	p.Put(tenant("a"), conversation(4, 150), stateOf(4, 300), false)
	if _, _, n := p.Find(tenant("a"), conversation(4, 200), 0); n != 150 || len(s.items) != 3 {
		t.Errorf("%d tokens, %d items: what goes on takes the place of its beginning", n, len(s.items))
	}
	if err := s.Forget("a"); err != nil || find(t, p, "a", 4) != 0 || s.bytes != 0 {
		t.Errorf("error %v, %d bytes are left after Forget", err, s.bytes)
	}
}

// What was computed with an adapter is found with the same one only, and goes with its tenant.
func TestAdaptersKeepApart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "computed")
	s := newShelf(t, dir, 4)
	p := s.Model("m")
	x := batching.Owner{Tenant: "a", Adapter: "x"}
	p.Put(x, conversation(1, 100), stateOf(1, 10), false)
	p.Flush()
	if n := len(files(t, dir)); n != 1 || s.bytes != 0 {
		t.Fatalf("%d files, %d bytes in memory after the flush", n, s.bytes)
	}
	for _, o := range []batching.Owner{tenant("a"), {Tenant: "a", Adapter: "y"}, {Tenant: "b", Adapter: "x"}, x} {
		p.Fetch(t.Context(), o, conversation(1, 200), 50)
		if _, _, n := p.Find(o, conversation(1, 200), 0); (n == 100) != (o == x) {
			t.Errorf("%+v finds %d tokens of %+v", o, n, x)
		}
	}
	if err := s.Forget("a"); err != nil || len(files(t, dir)) != 0 || p.Has(x, conversation(1, 100)) {
		t.Errorf("error %v, files %v after Forget", err, files(t, dir))
	}
}

func TestDiskSurvivesRestart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "computed")
	s := newShelf(t, dir, 4)
	p := s.Model("m")
	p.Put(tenant("a"), conversation(1, 100), stateOf(1, 10), false)
	p.Put(tenant("a"), conversation(2, 100), stateOf(2, 10), true)
	p.Put(tenant("b"), conversation(3, 100), stateOf(3, 10), false)
	p.Flush()
	s.Close()
	if n := len(files(t, dir)); n != 2 || s.bytes != 0 {
		t.Fatalf("%d files, %d bytes in memory", n, s.bytes)
	}
	for _, f := range files(t, dir) {
		text, _ := os.ReadFile(f)
		if bytes.Contains(text, []byte(`{"model"`)) {
			t.Errorf("%s is readable", f)
		}
	}

	s = newShelf(t, dir, 4)
	p = s.Model("m")
	p.Fetch(t.Context(), tenant("a"), conversation(1, 200), 100)
	if find(t, p, "a", 1) != 0 {
		t.Error("a state was fetched that is worth no more than what there is")
	}
	for i := 1; i <= 3; i++ {
		p.Fetch(t.Context(), tenant("a"), conversation(i, 200), 50)
	}
	if find(t, p, "a", 1) != 100 || find(t, p, "a", 2) != 0 || find(t, p, "a", 3) != 0 {
		t.Error("want the first conversation: the second is volatile, the third another's")
	}
	p.Put(tenant("a"), conversation(1, 150), stateOf(1, 10), false)
	p.Flush()
	if n := len(files(t, dir)); n != 2 {
		t.Errorf("%d files: a state that goes on takes the place of its beginning", n)
	}
	if err := s.Forget("a"); err != nil || len(files(t, dir)) != 1 {
		t.Errorf("error %v, files %v after Forget", err, files(t, dir))
	}
	p.Fetch(t.Context(), tenant("a"), conversation(1, 200), 0)
	if find(t, p, "a", 1) != 0 {
		t.Error("what was forgotten was found")
	}
}

// What cannot be read or is another's is removed and costs nothing but its time.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(path string, text []byte) error{
		"cut":        func(path string, text []byte) error { return os.WriteFile(path, text[:len(text)-100], 0o600) },
		"cut head":   func(path string, text []byte) error { return os.WriteFile(path, text[:10], 0o600) },
		"empty":      func(path string, _ []byte) error { return os.WriteFile(path, nil, 0o600) },
		"huge head":  func(path string, _ []byte) error { return os.WriteFile(path, []byte(magic+"\xff\xff\xff\xff"), 0o600) },
		"other name": func(path string, _ []byte) error { return os.Rename(path, path+"x"+ending) },
		"other key":  func(path string, text []byte) error { return os.WriteFile(path, bytes.ToUpper(text), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := newShelf(t, dir, 4)
			s.Model("m").Put(tenant("a"), conversation(1, 100), stateOf(1, 10), false)
			s.Model("m").Flush()
			path := files(t, dir)[0]
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := damage(path, text); err != nil {
				t.Fatal(err)
			}
			s = newShelf(t, dir, 4)
			s.Model("m").Fetch(t.Context(), tenant("a"), conversation(1, 200), 0)
			if n := find(t, s.Model("m"), "a", 1); n != 0 {
				t.Errorf("%d tokens were found", n)
			}
			if left := files(t, dir); len(left) != 0 {
				t.Errorf("%v are left", left)
			}
		})
	}
}

func TestDiskIsTidied(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newShelf(t, dir, 4)
	p := s.Model("m")
	for i := range 6 {
		p.Put(tenant("a"), conversation(i, 100), stateOf(i, 1<<11), false)
		p.Flush()
	}
	if n := len(files(t, dir)); n != 3 { // of 2 MiB each, and of 8 MiB
		t.Fatalf("%d files", n)
	}
	old := files(t, dir)[0]
	past := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	s.Start() // tidies at once
	deadline := time.Now().Add(10 * time.Second)
	for slices.Contains(files(t, dir), old) && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if n := len(files(t, dir)); n != 2 {
		t.Errorf("%d files: what is too old must go", n)
	}
	// What memory has no room for is written in the background.
	for i := range 3 {
		p.Put(tenant("b"), conversation(i, 100), stateOf(i, 3<<9), false)
	}
	s.Close()
	if found, _ := filepath.Glob(filepath.Join(s.disk.folder("b"), "*")); len(found) != 1 {
		t.Errorf("%d files of what left the memory, want 1", len(found))
	}
}

// A disk that cannot be written keeps nothing, and nothing fails.
func TestNoDisk(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newShelf(t, filepath.Join(file, "computed"), 4)
	s.Model("m").Put(tenant("a"), conversation(1, 100), stateOf(1, 10), false)
	s.Model("m").Flush()
	s.Model("m").Fetch(t.Context(), tenant("a"), conversation(1, 200), 0)
	if find(t, s.Model("m"), "a", 1) != 0 {
		t.Error("found what could not be written")
	}
	s.Close()
}
