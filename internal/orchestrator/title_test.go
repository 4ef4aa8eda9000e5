package orchestrator

import "testing"

func TestUsableTitle(t *testing.T) {
	t.Parallel()
	const question = "How do I water a cactus in winter?"
	for reply, want := range map[string]string{
		" Topic: **Watering a cactus.** ":                            "Watering a cactus",
		"“Cactus in Winter”":                                         "Cactus in Winter",
		"Something else entirely":                                    "", // shares no word
		"How do I water a cactus?":                                   "", // the question again
		"I would be glad to help you with the cactus question today": "",
		"":   "",
		"a ": "",
	} {
		if got, ok := usableTitle(reply, question); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", reply, got, ok)
		}
	}
}

func TestHeadlineIsCutBetweenWords(t *testing.T) {
	t.Parallel()
	for question, want := range map[string]string{
		"  short\n one ": "short one",
		"This is a rather long question that goes on and on until it has to be cut": "This is a rather long question that goes on and on until…",
		"öööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööö":    "ööööööööööööööööööööööööööööööööööööööööööööööööööööööööööö…",
	} {
		if got := headline(question); got != want {
			t.Errorf("%q: %q", question, got)
		}
	}
}
