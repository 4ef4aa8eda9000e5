package supervise

import (
	"io"
	"os"
	"time"

	"github.com/parley-chat/parley/internal/serving/wire"
)

// lastBreath is how long the process may take to free its models when its server is gone.
const lastBreath = 3 * time.Second

// Pipes prepares the process that a Supervisor has started, and returns its connection to the server. When the
// server goes, the process ends, whatever the libraries are doing: at the latest after a few seconds.
func Pipes() wire.Conn {
	confine()
	return wire.Stream(server{os.Stdin}, os.NewFile(framesOut, "frames"))
}

// server is the input from the server.
type server struct{ io.ReadCloser }

// Read implements io.Reader.
func (s server) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil {
		time.AfterFunc(lastBreath, func() { os.Exit(1) })
	}
	return n, err
}
