// Package supervise runs the models in a process of its own, so that a native abort, a hostile model or a lack
// of memory costs the answers that run and never the server. A Supervisor is a serving.Loader: it starts the
// process when the first model is asked for, speaks the worker protocol with it over pipes, starts it again when
// it has died, and refuses for a while a model that makes it die again and again. Pipes is the other end, in
// that process. Models are not loaded again here: serving.Service does that for the next request.
package supervise
