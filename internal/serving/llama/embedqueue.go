package llama

import (
	"context"
	"math"
	"runtime"
	"sync"

	"github.com/parley-chat/parley/internal/fault"
)

const (
	// packTokens is how many tokens of several short texts are computed at once. Attention runs over all
	// of them, so that packing long texts together costs more than it saves; see DESIGN.md.
	packTokens = 256
	// packTexts is the most texts at once.
	packTexts = 32
)

// embedJob is one request. Its fields belong to the goroutine of the queue until done is closed.
type embedJob struct {
	gone    <-chan struct{}
	texts   [][]int32
	each    bool        // their tokens too
	vectors [][]float32 // as far as computed, as all below
	tokens  [][]int8
	err     error
	done    chan struct{}
}

// textEncoder makes vectors; only the goroutine of the queue calls it.
type textEncoder interface {
	// encode gives no tokens where none are asked for, or the model cannot.
	encode(texts [][]int32, each bool) (vectors [][]float32, tokens [][]int8, err error)
	free()
}

// embedQueue owns an encoder. Jobs take turns, a batch each, so that the thousand texts of an import do
// not hold up a question's one.
type embedQueue struct {
	enc  textEncoder
	pack int // most tokens of a batch that holds several texts
	wake chan struct{}
	done chan struct{}

	mu     sync.Mutex
	jobs   []*embedJob
	closed bool
}

func startEmbedding(enc textEncoder, window int) *embedQueue {
	q := &embedQueue{enc: enc, pack: min(packTokens, window), wake: make(chan struct{}, 1), done: make(chan struct{})}
	go q.run()
	return q
}

// embed waits for the vectors of all texts, and of their tokens.
func (q *embedQueue) embed(ctx context.Context, texts [][]int32, each bool) ([][]float32, [][]int8, error) {
	if err := ctx.Err(); err != nil || len(texts) == 0 {
		return nil, nil, err
	}
	job := &embedJob{gone: ctx.Done(), texts: texts, each: each, done: make(chan struct{})}
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return nil, nil, errUnloaded()
	}
	q.jobs = append(q.jobs, job)
	q.mu.Unlock()
	q.rouse()
	select {
	case <-job.done:
		return job.vectors, job.tokens, job.err
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

func (q *embedQueue) rouse() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// close ends all jobs, waits for the goroutine and frees the encoder. It is called once.
func (q *embedQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.rouse()
	<-q.done
}

func (q *embedQueue) run() {
	defer close(q.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer q.enc.free()
	for {
		job, closed := q.next()
		switch {
		case closed:
			return
		case job == nil:
			<-q.wake
		default:
			q.step(job)
		}
	}
}

// next takes the job whose turn it is.
func (q *embedQueue) next() (job *embedJob, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		for _, j := range q.jobs {
			j.err = errUnloaded()
			close(j.done)
		}
		q.jobs = nil
		return nil, true
	}
	if len(q.jobs) == 0 {
		return nil, false
	}
	job, q.jobs = q.jobs[0], q.jobs[1:]
	return job, false
}

// step computes one batch of a job, and puts the job behind the others if it has more.
func (q *embedQueue) step(j *embedJob) {
	select {
	case <-j.gone:
		return
	default:
	}
	rest := j.texts[len(j.vectors):]
	n, tokens := 1, len(rest[0])
	for n < len(rest) && n < packTexts && tokens+len(rest[n]) <= q.pack {
		tokens += len(rest[n])
		n++
	}
	vectors, each, err := q.enc.encode(rest[:n], j.each)
	if err != nil {
		j.err = fault.Unavailable("the model failed while it embedded: ask again").Because(err)
		close(j.done)
		return
	}
	j.vectors, j.tokens = append(j.vectors, vectors...), append(j.tokens, each...)
	if len(j.vectors) == len(j.texts) {
		close(j.done)
		return
	}
	q.mu.Lock()
	q.jobs = append(q.jobs, j)
	q.mu.Unlock()
}

// unit returns a copy of v with the length 1; the zero vector stays.
func unit(v []float32) []float32 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	scale := float32(1)
	if sum > 0 {
		scale = float32(1 / math.Sqrt(sum))
	}
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = x * scale
	}
	return out
}
