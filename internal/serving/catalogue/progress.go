package catalogue

// Progress hears how a pull goes on. Calls come one at a time.
type Progress interface {
	// Begin tells of a new step, in words, and how many bytes it has; 0 when that is not known.
	Begin(step string, bytes int64)
	// At tells how many bytes of the step are done.
	At(bytes int64)
}

// Silent is a Progress that shows nothing.
type Silent struct{}

// Begin implements Progress.
func (Silent) Begin(string, int64) {}

// At implements Progress.
func (Silent) At(int64) {}
