package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Conn carries frames between two sides.
type Conn interface {
	// Send returns when the frame is on its way, in the order of the calls; it waits for a slow other side. It
	// is safe for many goroutines. A frame above MaxFrame is ErrTooLarge, and the connection goes on.
	Send(f Frame) error
	// Receive returns the next frame. One goroutine calls it. Its error is final: io.EOF when the other side
	// has closed between two frames.
	Receive() (Frame, error)
	// Close ends both, waiting calls too. It may be called twice.
	Close() error
}

// MaxFrame is the most bytes of a frame: what a request may have, and two thousand long vectors.
const MaxFrame = 64 << 20

// ErrTooLarge refuses a frame above MaxFrame.
var ErrTooLarge = errors.New("the frame is too large")

// stream is a Conn of two streams of bytes: each frame is its length in four bytes, big-endian, and its JSON.
type stream struct {
	in  *bufio.Reader
	out io.Writer

	sending sync.Mutex
	close   func() error
}

// Stream speaks over two streams of bytes, such as two pipes, which Close closes.
func Stream(in io.ReadCloser, out io.WriteCloser) Conn {
	return &stream{
		in: bufio.NewReader(in), out: out,
		close: sync.OnceValue(func() error { return errors.Join(out.Close(), in.Close()) }),
	}
}

// Send implements Conn.
func (s *stream) Send(f Frame) error {
	whole := bytes.NewBuffer(make([]byte, 4, 512)) // the length comes last
	enc := json.NewEncoder(whole)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(f); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	size := whole.Len() - 4
	if size > MaxFrame {
		return ErrTooLarge
	}
	binary.BigEndian.PutUint32(whole.Bytes(), uint32(size))
	s.sending.Lock()
	defer s.sending.Unlock()
	if _, err := s.out.Write(whole.Bytes()); err != nil {
		return fmt.Errorf("send frame: %w", err)
	}
	return nil
}

// Receive implements Conn.
func (s *stream) Receive() (Frame, error) {
	var head [4]byte
	if _, err := io.ReadFull(s.in, head[:]); err != nil {
		return Frame{}, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > MaxFrame {
		return Frame{}, fmt.Errorf("%w: %d bytes are announced", ErrTooLarge, size)
	}
	// The body is read piece by piece, so that a false length takes no memory that nothing comes for.
	body, err := io.ReadAll(io.LimitReader(s.in, int64(size)))
	if err != nil {
		return Frame{}, fmt.Errorf("receive frame: %w", err)
	}
	if len(body) < int(size) {
		return Frame{}, io.ErrUnexpectedEOF
	}
	var f Frame
	if err := json.Unmarshal(body, &f); err != nil {
		return Frame{}, fmt.Errorf("read frame: %w", err)
	}
	return f, nil
}

// Close implements Conn.
func (s *stream) Close() error { return s.close() }
