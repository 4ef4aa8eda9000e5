package grammar

import (
	"github.com/parley-chat/parley/internal/fault"
)

// The bounds of one schema. A schema of an API with a hundred members takes a tenth of them.
const (
	maxSchema   = 256 << 10 // bytes
	maxDepth    = 64        // of schemas within schemas, and of references that lead to references
	maxWork     = 400_000   // steps: demands joined, states visited
	maxBranches = 512       // of one goal
	maxGoals    = 2000
	maxStates   = 20_000 // of one automaton, before it is made small
	maxSmall    = 3000   // of one automaton, as it is written
	maxGrammar  = 1 << 20
	maxItems    = 1000 // items that are counted
)

// budget counts the work that a schema makes.
type budget struct{ left int }

// errBudget ends the work on a schema that takes too much.
var errBudget = fault.Invalid("the schema is too complex: use fewer alternatives, shorter lists and lower bounds").OfKind("schema_too_complex")

func errTooLarge() error { return errBudget }

func (b *budget) spend(n int) error {
	if b.left -= n; b.left < 0 {
		return errBudget
	}
	return nil
}
