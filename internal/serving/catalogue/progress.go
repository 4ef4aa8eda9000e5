package catalogue

// Progress hears how a pull goes on. Calls come one at a time.
type Progress interface {
	// Begin tells of a new step: what kind of work it is, the same in words, and how many bytes it has; 0
	// when that is not known.
	Begin(phase Phase, step string, bytes int64)
	// At tells how many bytes of the step are done.
	At(bytes int64)
}

// Phase is a kind of work.
type Phase string

// The phases.
const (
	PhaseWait  Phase = "wait"  // for another process that installs
	PhaseLoad  Phase = "load"  // bytes come from elsewhere
	PhaseCheck Phase = "check" // what has come is checked, unpacked, converted
)

// Silent is a Progress that shows nothing.
type Silent struct{}

// Begin implements Progress.
func (Silent) Begin(Phase, string, int64) {}

// At implements Progress.
func (Silent) At(int64) {}
