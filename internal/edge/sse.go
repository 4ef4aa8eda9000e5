package edge

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	// heartbeat keeps proxies from closing a quiet stream; most wait 30 to 60 s.
	heartbeat = 15 * time.Second
	// writeTimeout frees what a reader who stopped reading holds.
	writeTimeout = 30 * time.Second
)

// Stream writes server-sent events. The header is sent with the first event, so that an error before it
// still gets a status of its own. It is safe for the heartbeat and one writer at once.
type Stream struct {
	mu     sync.Mutex
	w      *echo.Response
	rc     *http.ResponseController
	begun  bool
	broken error
	stop   chan struct{}
	beat   sync.WaitGroup
}

// NewStream makes a stream for the response of c; Close must be called.
func NewStream(c echo.Context) *Stream {
	s := &Stream{w: c.Response(), rc: http.NewResponseController(c.Response()), stop: make(chan struct{})}
	s.beat.Go(func() {
		tick := time.NewTicker(heartbeat)
		defer tick.Stop()
		for {
			select {
			case <-s.stop:
				return
			case <-tick.C:
				_ = s.write(": ping\n\n") // kept in broken for the writer
			}
		}
	})
	return s
}

// Send writes one event; id may be "". An error means that the reader is gone.
func (s *Stream) Send(id string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	text := "data: " + string(data) + "\n\n"
	if id != "" {
		text = "id: " + id + "\n" + text
	}
	return s.write(text)
}

// SendRaw writes an event whose data is not JSON, such as OpenAI's [DONE].
func (s *Stream) SendRaw(data string) error { return s.write("data: " + data + "\n\n") }

// Begun reports whether an event was sent, after which an error must be sent as an event too.
func (s *Stream) Begun() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begun
}

// Close ends the heartbeat. It may be called twice.
func (s *Stream) Close() {
	s.mu.Lock()
	select {
	case <-s.stop:
	default:
		close(s.stop)
	}
	s.mu.Unlock()
	s.beat.Wait()
	_ = s.rc.SetWriteDeadline(time.Time{}) // the connection may serve further requests
}

func (s *Stream) write(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	if !s.begun {
		h := s.w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Accel-Buffering", "no") // nginx would hold the stream back
		s.w.WriteHeader(http.StatusOK)
		s.begun = true
	}
	// A writer without deadlines (a test's recorder) is no reason to fail.
	_ = s.rc.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, s.broken = s.w.Write([]byte(text)); s.broken == nil {
		s.w.Flush()
	}
	return s.broken
}
