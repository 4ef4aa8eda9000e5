package shelf

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/serving/llama/batching"
)

// disk keeps states as files, a folder an owner:
//
//	magic, length of the sealed head, sealed head, sealed state
//
// The head has the tokens, which are a text, so it is sealed as well. Nothing is synced: a file that a crash
// has cut is found out by its seal.
type disk struct {
	dir    string
	cfg    Config
	sealer Sealer
	log    *zap.Logger
	queue  chan *item
	stop   chan struct{}
	done   sync.WaitGroup
	ended  sync.Once

	mu    sync.Mutex
	files map[string][]*file // by owner, read when the owner first asks
}

// file is what is known of a state on the disk.
type file struct {
	path   string
	model  string
	tokens []int32
}

// head is the sealed beginning of a file.
type head struct {
	Model  string `json:"model"`
	Tokens []byte `json:"tokens"` // little endian, four bytes each
}

const (
	magic   = "PARLEYK1"
	ending  = ".state"
	mostOf  = 1 << 24 // bytes of a head that are believed
	backlog = 4       // states that wait to be written; what comes when so many wait is dropped
)

func newDisk(dir string, cfg Config, sealer Sealer, log *zap.Logger) *disk {
	return &disk{
		dir: dir, cfg: cfg, sealer: sealer, log: log,
		queue: make(chan *item, backlog), stop: make(chan struct{}), files: map[string][]*file{},
	}
}

func (d *disk) start() {
	d.done.Go(func() {
		d.tidy()
		hourly := time.NewTicker(time.Hour)
		defer hourly.Stop()
		for {
			select {
			case it := <-d.queue:
				d.write(it)
			case <-hourly.C:
				d.tidy()
			case <-d.stop:
				return
			}
		}
	})
}

func (d *disk) close() {
	d.ended.Do(func() { close(d.stop) })
	d.done.Wait()
	for len(d.queue) > 0 {
		d.write(<-d.queue)
	}
}

// later writes an item in the background, if not too many wait already.
func (d *disk) later(it *item) {
	select {
	case d.queue <- it:
	default:
	}
}

// folder does not tell the owner's name, which might be no name of a folder.
func (d *disk) folder(owner string) string {
	sum := sha256.Sum256([]byte(owner))
	return filepath.Join(d.dir, hex.EncodeToString(sum[:8]))
}

func aad(path, part string) []byte { return secrets.AAD("shelf", filepath.Base(path), part) }

// write puts an item on the disk, unless it is there.
func (d *disk) write(it *item) {
	if it.file != "" {
		return
	}
	if err := d.try(it); err != nil {
		d.log.Warn("a computed conversation was not kept", zap.Error(err))
	}
	d.tidy()
}

func (d *disk) try(it *item) error {
	ctx := context.Background() // it is written by nobody's request
	d.load(ctx, it.owner)
	folder := d.folder(it.owner)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	path := filepath.Join(folder, rand.Text()+ending)
	h := head{Model: it.model}
	for _, t := range it.tokens {
		h.Tokens = binary.LittleEndian.AppendUint32(h.Tokens, uint32(t))
	}
	plain, err := json.Marshal(h)
	if err != nil {
		return err
	}
	top, err := d.sealer.Seal(ctx, it.owner, plain, aad(path, "head"))
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	state, err := d.sealer.Seal(ctx, it.owner, it.state, aad(path, "state"))
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	start := binary.LittleEndian.AppendUint32([]byte(magic), uint32(len(top)))
	if err := save(path, start, top, state); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.files[it.owner] = slices.DeleteFunc(d.files[it.owner], func(old *file) bool {
		if old.model != it.model || batching.Alike(old.tokens, it.tokens) < len(old.tokens) {
			return false
		}
		_ = os.Remove(old.path) // the new one goes on where this one ended
		return true
	})
	d.files[it.owner] = append(d.files[it.owner], &file{path: path, model: it.model, tokens: it.tokens})
	return nil
}

func save(path string, parts ...[]byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err == nil {
			_, err = f.Write(p)
		}
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// fetch reads the state that begins with the most of the tokens, if it is worth more than least.
func (d *disk) fetch(ctx context.Context, k key, tokens []int32, least int) *item {
	d.load(ctx, k.owner)
	d.mu.Lock()
	var best *file
	for _, f := range d.files[k.owner] {
		if common := batching.Alike(f.tokens, tokens); f.model == k.model && common > least {
			best, least = f, common
		}
	}
	d.mu.Unlock()
	if best == nil {
		return nil
	}
	state, err := d.read(ctx, k.owner, best.path)
	if err != nil {
		d.drop(k.owner, best, err)
		return nil
	}
	_ = os.Chtimes(best.path, time.Time{}, time.Now())
	return &item{key: k, tokens: best.tokens, state: state, file: best.path}
}

func (d *disk) read(ctx context.Context, owner, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if _, err := readHead(f); err != nil {
		return nil, err
	}
	sealed, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return d.sealer.Open(ctx, owner, sealed, aad(path, "state"))
}

// readHead returns the sealed head.
func readHead(r io.Reader) ([]byte, error) {
	start := make([]byte, len(magic)+4)
	if _, err := io.ReadFull(r, start); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(start[len(magic):])
	if string(start[:len(magic)]) != magic || size > mostOf {
		return nil, errors.New("it is no state")
	}
	top := make([]byte, size)
	_, err := io.ReadFull(r, top)
	return top, err
}

// load reads the heads of an owner's files, once.
func (d *disk) load(ctx context.Context, owner string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.files[owner]; known {
		return
	}
	d.files[owner] = []*file{}
	paths, _ := filepath.Glob(filepath.Join(d.folder(owner), "*"+ending))
	for _, path := range paths {
		f, err := d.open(ctx, owner, path)
		if err != nil {
			d.log.Debug("a kept state is of no use", zap.Error(err))
			_ = os.Remove(path)
			continue
		}
		d.files[owner] = append(d.files[owner], f)
	}
}

func (d *disk) open(ctx context.Context, owner, path string) (*file, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	top, err := readHead(f)
	if err != nil {
		return nil, err
	}
	plain, err := d.sealer.Open(ctx, owner, top, aad(path, "head"))
	if err != nil {
		return nil, err
	}
	var h head
	if err := json.Unmarshal(plain, &h); err != nil {
		return nil, err
	}
	out := &file{path: path, model: h.Model}
	for t := h.Tokens; len(t) >= 4; t = t[4:] {
		out.tokens = append(out.tokens, int32(binary.LittleEndian.Uint32(t)))
	}
	return out, nil
}

// drop forgets a file that could not be read.
func (d *disk) drop(owner string, f *file, why error) {
	d.log.Debug("a kept state is of no use", zap.Error(why))
	_ = os.Remove(f.path)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.files[owner] = slices.DeleteFunc(d.files[owner], func(other *file) bool { return other == f })
}

func (d *disk) forget(owner string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, owner)
	return os.RemoveAll(d.folder(owner))
}

// tidy removes what is too old, what was left half written, and, the longest unused first, what is too much.
func (d *disk) tidy() {
	type kept struct {
		path string
		size int64
		used time.Time
	}
	var all []kept
	_ = filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil //nolint:nilerr // what cannot be read is of no use and goes with its folder
		}
		if info, err := e.Info(); err == nil {
			all = append(all, kept{path, info.Size(), info.ModTime()})
		}
		return nil
	})
	slices.SortFunc(all, func(a, b kept) int { return cmp.Or(b.used.Compare(a.used), cmp.Compare(a.path, b.path)) })
	gone := map[string]bool{}
	bytes := int64(0)
	for _, k := range all {
		bytes += k.size
		old := time.Since(k.used) > d.cfg.For || filepath.Ext(k.path) != ending && time.Since(k.used) > time.Minute
		if old || bytes > int64(d.cfg.DiskMB)<<20 {
			gone[k.path] = true
			bytes -= k.size
			_ = os.Remove(k.path)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for owner, files := range d.files {
		d.files[owner] = slices.DeleteFunc(files, func(f *file) bool { return gone[f.path] })
	}
}
