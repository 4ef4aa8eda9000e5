package extract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// Limits are those of the process that reads one file.
type Limits struct {
	Time   time.Duration
	Memory int // MB
}

// DefaultLimits are what every file must be read within.
func DefaultLimits() Limits { return Limits{Time: 10 * time.Second, Memory: 512} }

// reply is what the process says.
type reply struct {
	Document *Document `json:"document,omitempty"`
	Refusal  *Refusal  `json:"refusal,omitempty"`
	Fault    string    `json:"fault,omitempty"`
}

// job is what the process is told, as its one argument. The file comes by its standard input.
type job struct {
	Name   string
	Cache  string
	Memory int
}

// Run reads a file in a process of its own: this binary's command, which calls Main. cache is a folder for what is worth
// keeping between files. Errors are a *Refusal, or the machine's.
func Run(ctx context.Context, command []string, name string, data []byte, cache string, l Limits) (Document, error) {
	told, err := json.Marshal(job{name, cache, l.Memory})
	if err != nil {
		return Document{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return Document{}, err
	}
	limited, cancel := context.WithTimeout(ctx, l.Time)
	defer cancel()
	c := exec.CommandContext(limited, self, append(command, string(told))...) //nolint:gosec // ourselves
	var out, said bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(data), &out, &limitedBuffer{&said, 4096}
	c.Env = []string{"GOMAXPROCS=1"} // it gets no secret
	c.SysProcAttr = alone()
	err = c.Run()
	var r reply
	switch {
	case ctx.Err() != nil:
		return Document{}, ctx.Err()
	case limited.Err() != nil:
		return Document{}, refuse(Slow, "the file could not be read within %v", l.Time)
	case json.Unmarshal(out.Bytes(), &r) == nil && r.Refusal != nil:
		return Document{}, r.Refusal
	case r.Document != nil && err == nil:
		return *r.Document, nil
	case r.Fault != "":
		return Document{}, errors.New(r.Fault)
	case bytes.Contains(said.Bytes(), []byte("out of memory")), bytes.Contains(said.Bytes(), []byte("cannot allocate memory")):
		return Document{}, refuse(TooLarge, "the file needs more than %d MB of memory to be read", l.Memory)
	}
	return Document{}, refuse(Damaged, "the file cannot be read: it ended the program that reads files (%v)", err)
}

type limitedBuffer struct {
	*bytes.Buffer
	most int
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if left := b.most - b.Len(); left > 0 {
		b.Buffer.Write(p[:min(len(p), left)])
	}
	return len(p), nil
}

// Prepare compiles what PDF files are read with into the cache, which takes longer than a file may. It is done once.
func Prepare(ctx context.Context, command []string, cache string) error {
	if entries, err := os.ReadDir(cache); err == nil && len(entries) > 0 {
		return nil
	}
	_, err := Run(ctx, command, "empty.pdf", []byte("%PDF-1.4\n%%EOF"), cache, Limits{Time: 2 * time.Minute, Memory: 1024})
	if refusal := (*Refusal)(nil); errors.As(err, &refusal) && refusal.Kind == Damaged { // as it is
		return nil
	}
	return err
}

// Main is the process: it reads the file from in, and says what it found to out.
func Main(told string, in io.Reader, out io.Writer) error {
	var j job
	if err := json.Unmarshal([]byte(told), &j); err != nil {
		return fmt.Errorf("read the task: %w", err)
	}
	if err := bound(j.Memory); err != nil {
		return err
	}
	CacheDir = j.Cache
	data, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	var r reply
	doc, err := Read(j.Name, data)
	switch refusal := (*Refusal)(nil); {
	case errors.As(err, &refusal):
		r.Refusal = refusal
	case err != nil:
		r.Fault = err.Error()
	default:
		r.Document = &doc
	}
	return json.NewEncoder(out).Encode(r)
}
