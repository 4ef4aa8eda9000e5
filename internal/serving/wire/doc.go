// Package wire is the worker protocol: what a server and the process or machine that runs its models say to
// each other. Begin at Frame, which is everything that can be said, and Conn, which carries it.
//
// The worker speaks first and says hello, the server answers with its own hello. Then the server asks, and many
// requests are under way at once, each with an id of the server's choice. A request has any number of pieces
// and then exactly one frame that ends it: outcome, loaded, embeddings, scores, done or error.
//
// Frames hold the types of serving as they are, so that a new field of a request needs nothing here; a test
// pins their form, and another one finds a field that would be lost on the way. Version grows when a worker of
// the release before would misread what it is sent.
package wire
