package backup

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"

	"github.com/parley-chat/parley/internal/fault"
)

const (
	formatVersion = 1
	maxLine       = 64 << 20 // of one row
	maxMemory     = 256 << 20
)

// Manifest is the first line of a backup.
type Manifest struct {
	Format    int       `json:"parley_backup"`
	Parley    string    `json:"parley"` // version of the binary that wrote it
	Schema    int64     `json:"schema"`
	Dialect   string    `json:"dialect"`
	CreatedAt time.Time `json:"created_at"`
	Tables    []Table   `json:"tables"`
}

// Table tells a table's rows, which follow in the order of the manifest.
type Table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
}

// Rows counts all rows.
func (m Manifest) Rows() (n int64) {
	for _, t := range m.Tables {
		n += t.Rows
	}
	return n
}

type trailer struct {
	SHA256 string `json:"sha256"`
}

// blob is how bytes stand in a row, and text that is not UTF-8.
type blob struct {
	B []byte `json:"b"`
}

// lineWriter writes lines into the stream and sums them up.
type lineWriter struct {
	z   *zstd.Encoder
	sum hash.Hash
}

func newLineWriter(w io.Writer) (*lineWriter, error) {
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("start compression: %w", err)
	}
	return &lineWriter{z: z, sum: sha256.New()}, nil
}

func (l *lineWriter) write(v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if buf.Len() > maxLine {
		return fmt.Errorf("a row has %d bytes, more than a backup can hold", buf.Len())
	}
	l.sum.Write(buf.Bytes())
	if _, err := l.z.Write(buf.Bytes()); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return nil
}

func (l *lineWriter) finish() error {
	if err := l.write(trailer{hex.EncodeToString(l.sum.Sum(nil))}); err != nil {
		return err
	}
	if err := l.z.Close(); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return nil
}

// reader reads a backup line by line. What is wrong with the file is a fault.Invalid.
type reader struct {
	z        *zstd.Decoder
	in       *bufio.Reader
	sum      hash.Hash
	Manifest Manifest
}

func damaged(format string, args ...any) *fault.Error {
	return fault.Invalid("this backup can't be used: "+format, args...)
}

// newReader reads as far as the manifest.
func newReader(r io.Reader) (*reader, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxMemory))
	if err != nil {
		return nil, fmt.Errorf("start decompression: %w", err)
	}
	b := &reader{z: z, in: bufio.NewReaderSize(z, 64<<10), sum: sha256.New()}
	if err := b.manifest(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *reader) close() { b.z.Close() }

func (b *reader) manifest() error {
	line, err := b.line()
	if errors.Is(err, zstd.ErrMagicMismatch) {
		return damaged("it is no Parley backup").Because(err)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(line, &b.Manifest); err != nil || b.Manifest.Format == 0 {
		return damaged("it is no Parley backup").Because(err)
	}
	if b.Manifest.Format != formatVersion {
		return damaged("it has format %d, and this binary (format %d) is too old or too new for it; it was written by parley %q",
			b.Manifest.Format, formatVersion, b.Manifest.Parley)
	}
	seen := map[string]bool{}
	for _, t := range b.Manifest.Tables {
		if t.Rows < 0 || len(t.Columns) == 0 || seen[t.Name] {
			return damaged("its list of tables is wrong at %q", t.Name)
		}
		seen[t.Name] = true
	}
	return nil
}

// line returns the next line, which is good until the next call.
func (b *reader) line() ([]byte, error) {
	var long []byte
	for {
		part, err := b.in.ReadSlice('\n')
		b.sum.Write(part)
		switch {
		case err == nil && long == nil:
			return part, nil
		case err == nil:
			return append(long, part...), nil
		case errors.Is(err, bufio.ErrBufferFull):
			if long = append(long, part...); len(long) > maxLine {
				return nil, damaged("a line is too long")
			}
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, damaged("it is cut off").Because(err)
		default:
			return nil, damaged("it is damaged").Because(err)
		}
	}
}

// row returns the next row: nil, string, json.Number or blob for each column.
func (b *reader) row(t Table) ([]any, error) {
	line, err := b.line()
	if err != nil {
		return nil, err
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(line, &raw); err != nil {
		return nil, damaged("a row of %s is no JSON array", t.Name).Because(err)
	}
	if len(raw) != len(t.Columns) {
		return nil, damaged("a row of %s has %d values for %d columns", t.Name, len(raw), len(t.Columns))
	}
	values := make([]any, len(raw))
	for i, v := range raw {
		if values[i], err = decodeValue(v); err != nil {
			return nil, damaged("a value of %s.%s is wrong", t.Name, t.Columns[i]).Because(err)
		}
	}
	return values, nil
}

// end checks the trailer: that it is there, is right, and is the end.
func (b *reader) end() error {
	want := hex.EncodeToString(b.sum.Sum(nil))
	line, err := b.line()
	if err != nil {
		return err
	}
	var t trailer
	if err := json.Unmarshal(line, &t); err != nil || t.SHA256 != want {
		return damaged("its checksum is wrong").Because(err)
	}
	if _, err := b.in.ReadByte(); !errors.Is(err, io.EOF) {
		return damaged("something follows its end").Because(err)
	}
	return nil
}

// encodeValue brings what a driver returned into the form of a row.
func encodeValue(v any) (any, error) {
	switch v := v.(type) {
	case nil, int64:
		return v, nil
	case float64:
		return json.Number(strconv.FormatFloat(v, 'g', -1, 64)), nil
	case []byte:
		return blob{v}, nil
	case string:
		if !utf8.ValidString(v) {
			return blob{[]byte(v)}, nil
		}
		return v, nil
	}
	return nil, fmt.Errorf("a backup can't hold a %T", v)
}

func decodeValue(raw json.RawMessage) (any, error) {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil, nil
	case raw[0] == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case raw[0] == '{':
		var b blob
		err := json.Unmarshal(raw, &b)
		return b, err
	}
	var n json.Number
	err := json.Unmarshal(raw, &n)
	return n, err
}
