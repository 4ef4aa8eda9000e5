package toolcall

import "strings"

// Format is how a family of models writes calls.
type Format struct {
	// Open and Close stand around calls. Open is "" for models whose whole answer is the call, when it
	// begins with a brace.
	Open, Close string
	// Named says that the name follows Open without quotes, then Middle and the arguments alone.
	Named  bool
	Middle string
	// Arguments is the key of the arguments; both usual keys are read.
	Arguments string
	// List says that calls within one Open are a JSON array; else each has an Open of its own.
	List bool
	// Between stands between two calls.
	Between string
	// Told says that the template knows tools, Shown that it knows calls and results in messages. Else
	// the prompt must say so in words.
	Told, Shown bool
}

// The formats that are known.
var (
	// Hermes is the format of Hermes and Qwen, and of models that are told how by us.
	Hermes = Format{Open: "<tool_call>", Close: "</tool_call>", Arguments: "arguments", Between: "\n"}
	// SmolLM writes a list.
	SmolLM = Format{Open: "<tool_call>", Close: "</tool_call>", Arguments: "arguments", List: true, Between: ", "}
	// Llama is that of Llama 3: the answer is the call.
	Llama = Format{Arguments: "parameters", Between: "; "}
	// Mistral writes a list behind a control token.
	Mistral = Format{Open: "[TOOL_CALLS]", Arguments: "arguments", List: true, Between: ", "}
	// MistralNamed is that of later Mistral models.
	MistralNamed = Format{Open: "[TOOL_CALLS]", Named: true, Middle: "[ARGS]"}
)

// Detect tells the format by a model's chat template.
func Detect(template string) Format {
	knows := strings.Contains(template, "tools")
	f := family(template, knows)
	f.Told, f.Shown = knows, strings.Contains(template, "tool_calls")
	return f
}

func family(template string, knows bool) Format {
	switch {
	case knows && strings.Contains(template, "[TOOL_CALLS]") && strings.Contains(template, "[ARGS]"):
		return MistralNamed
	case knows && strings.Contains(template, "[TOOL_CALLS]"):
		return Mistral
	case knows && strings.Contains(template, "<tool_call>"):
		return Hermes
	case knows && (strings.Contains(template, "<|python_tag|>") || strings.Contains(template, `"parameters"`)):
		return Llama
	case strings.Contains(template, "SmolLM"):
		return SmolLM
	}
	return Hermes
}

// Markers are the spellings by which calls are recognised. Those that are control tokens of a vocabulary
// must be spelled out for the Parser.
func (f Format) Markers() []string {
	var list []string
	for _, m := range []string{f.Open, f.Close, f.Middle, "<|python_tag|>", "[CALL_ID]"} {
		if m != "" {
			list = append(list, m)
		}
	}
	return list
}
