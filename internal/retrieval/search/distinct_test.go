package search

import (
	"testing"

	"github.com/parley-chat/parley/internal/chat"
)

func TestDistinct(t *testing.T) {
	t.Parallel()
	const rule = "Ships over eighty metres need a pilot, who boards at the outer buoy and is ordered a day before."
	passages := []chat.Passage{
		{ID: 1, Text: rule},
		{ID: 2, Text: "SHIPS over eighty metres need a pilot,\nwho boards at the outer buoy and is ordered two days before."},
		{ID: 3, Text: "The canteen opens at noon."},
		{ID: 4, Text: rule},
		{ID: 5, Text: "Ships over ninety metres need two tugs, which wait at the mole."},
		{ID: 6, Text: "港口六点开放。"},
		{ID: 7, Text: ""},
	}
	for most, want := range map[int][]uint64{2: {1, 3}, 10: {1, 3, 5, 6, 7}} {
		var got []uint64
		for _, p := range distinct(passages, most) {
			got = append(got, p.ID)
		}
		if len(got) != len(want) {
			t.Fatalf("%v, want %v", got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%v, want %v", got, want)
			}
		}
	}
}
