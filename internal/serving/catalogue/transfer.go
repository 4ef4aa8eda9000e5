package catalogue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/parley-chat/parley/internal/fault"
)

// maxStalls is how often a transfer is taken up again without having got any further.
const maxStalls = 5

// errWrongHash is for a file that arrived whole and is not the announced one.
var errWrongHash = errors.New("the file has another SHA-256 than was announced; it was thrown away")

// errDisk marks a failure to write, which no retry mends.
var errDisk = errors.New("write the download")

// partNote lies beside a part and says of which file it is.
type partNote struct {
	SHA256 string `json:"sha256"`
	ETag   string `json:"etag"`           // what the storage said, for If-Range
	Size   int64  `json:"size,omitempty"` // of the whole file, 0 if not known
}

// transfer is one file on its way.
type transfer struct {
	*hub
	remote
	path  string
	file  *os.File
	note  partNote
	sum   hash.Hash
	have  int64
	total int64
	p     Progress
}

// fetch downloads a file to path and checks it. What is there of it already is kept, if it is of the same
// file. It tries again when the connection breaks, as long as it gets further.
func (h *hub) fetch(ctx context.Context, r remote, path string, p Progress) error {
	t := &transfer{hub: h, remote: r, path: path, total: r.Size, p: p}
	if err := t.open(ctx); err != nil {
		return err
	}
	err := t.run(ctx)
	if err == nil {
		err = t.file.Sync()
	}
	if err = errors.Join(err, t.file.Close()); err != nil && !errors.Is(err, errWrongHash) {
		return err // the part stays for the next attempt
	}
	if gone := os.Remove(path + ".json"); err == nil && gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		return gone
	}
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// open takes up the part that is there, or begins a new one.
func (t *transfer) open(ctx context.Context) (err error) {
	if err := readJSONFile(t.path+".json", &t.note); err != nil || t.note.SHA256 != t.SHA256 {
		t.note = partNote{SHA256: t.SHA256} // another file, or a damaged note: begin anew
	}
	t.file, err = os.OpenFile(t.path, os.O_RDWR|os.O_CREATE, 0o644) //nolint:gosec // see locked
	if err != nil {
		return fmt.Errorf("%w: %w", errDisk, err)
	}
	defer func() {
		if err != nil {
			_ = t.file.Close()
		}
	}()
	info, err := t.file.Stat()
	if err != nil {
		return err
	}
	if t.note.ETag == "" || t.total > 0 && info.Size() > t.total {
		return t.restart()
	}
	t.sum = sha256.New()
	if info.Size() == 0 {
		return nil
	}
	// The digest covers the whole file, so what came before is read once.
	t.p.Begin(PhaseCheck, "checking what is here already", info.Size())
	if t.have, err = io.Copy(t.sum, &meter{ctx: ctx, from: t.file, progress: t.p}); err != nil {
		return err
	}
	t.p.Begin(PhaseLoad, "downloading the rest", t.total)
	t.p.At(t.have)
	return nil
}

// restart throws away what there is.
func (t *transfer) restart() error {
	t.sum, t.have = sha256.New(), 0
	if err := t.file.Truncate(0); err != nil {
		return fmt.Errorf("%w: %w", errDisk, err)
	}
	_, err := t.file.Seek(0, io.SeekStart)
	return err
}

func (t *transfer) run(ctx context.Context) error {
	pause := t.pause
	for stalls := 0; ; {
		if t.total > 0 && t.have == t.total {
			return t.check()
		}
		before := t.have
		err := t.attempt(ctx)
		if err == nil {
			if t.total == 0 || t.have == t.total {
				return t.check()
			}
			err = fmt.Errorf("the hub ended the transfer after %d of %d bytes", t.have, t.total)
		}
		if end := t.hopeless(ctx, err); end != nil {
			return end
		}
		if stalls++; t.have > before {
			stalls, pause = 0, t.pause
		}
		if stalls >= maxStalls {
			return unreachable(t.base, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, 30*time.Second)
	}
}

// hopeless returns the error to end with when trying again cannot help, else nil.
func (t *transfer) hopeless(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, syscall.ENOSPC):
		return fault.Unavailable("the disk became full after %d MB; make room and pull again, the download goes on from there", t.have>>20).
			Because(err).OfKind("disk_full")
	case errors.Is(err, errDisk), fault.Is(err, fault.CodeNotFound), fault.Is(err, fault.CodeForbidden):
		return err
	default:
		return nil
	}
}

func (t *transfer) check() error {
	if got := hex.EncodeToString(t.sum.Sum(nil)); got != t.SHA256 {
		return fmt.Errorf("%w: %s instead of %s", errWrongHash, got, t.SHA256)
	}
	return nil
}

// attempt asks for what is missing and writes it, until the connection ends.
func (t *transfer) attempt(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	still := time.AfterFunc(t.idle, func() { cancel(fmt.Errorf("nothing arrived for %s", t.idle)) })
	defer still.Stop()

	resp, err := t.get(ctx)
	if err != nil {
		return cause(ctx, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end, or given up
	if err := t.begin(resp); err != nil {
		return err
	}
	buf := make([]byte, 256<<10)
	for {
		n, err := resp.Body.Read(buf)
		still.Reset(t.idle)
		if werr := t.write(buf[:n]); werr != nil {
			return werr
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return cause(ctx, err)
		}
	}
}

// cause prefers the reason for a cancelled request to the bare fact.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil {
		return c
	}
	return err
}

func (t *transfer) get(ctx context.Context) (*http.Response, error) {
	req, err := t.request(ctx, http.MethodGet, t.URL)
	if err != nil {
		return nil, err
	}
	if t.have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", t.have))
		// A weak tag is not allowed here; without one the digest still tells a mixed file.
		if t.note.ETag != "" && !strings.HasPrefix(t.note.ETag, "W/") && t.note.ETag != noETag {
			req.Header.Set("If-Range", t.note.ETag)
		}
	}
	return t.load.Do(req)
}

// noETag notes that the storage names no tag, while the part is worth resuming.
const noETag = "none"

// begin reads the answer's head: whether it is the rest, or the whole again.
func (t *transfer) begin(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusPartialContent:
		var from, to int64
		if _, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/", &from, &to); err != nil || from != t.have {
			return errors.Join(fmt.Errorf("the hub answered with the range %q", resp.Header.Get("Content-Range")), t.restart())
		}
	case http.StatusOK:
		if err := t.restart(); err != nil {
			return err
		}
		if t.total == 0 && resp.ContentLength > 0 {
			t.total = resp.ContentLength
		}
	case http.StatusRequestedRangeNotSatisfiable:
		return errors.Join(errors.New("the hub has less than is here already"), t.restart())
	case http.StatusUnauthorized, http.StatusForbidden:
		return fault.Forbidden("the hub refused the download with status %d", resp.StatusCode)
	case http.StatusNotFound:
		return fault.NotFound("the hub no longer has the file")
	default:
		return fmt.Errorf("the hub answered with status %d", resp.StatusCode)
	}
	tag := resp.Header.Get("ETag")
	if tag == "" {
		tag = noETag
	}
	if t.note.ETag == tag && t.note.Size == t.total {
		return nil
	}
	t.note.ETag, t.note.Size = tag, t.total
	return writeJSONFile(t.path+".json", t.note)
}

func (t *transfer) write(b []byte) error {
	if t.total > 0 && t.have+int64(len(b)) > t.total {
		return errors.Join(fmt.Errorf("the hub sent more than the announced %d bytes", t.total), t.restart())
	}
	n, err := t.file.Write(b)
	t.have += int64(n)
	t.sum.Write(b[:n])
	if err != nil {
		return fmt.Errorf("%w: %w", errDisk, err)
	}
	t.p.At(t.have)
	return nil
}
