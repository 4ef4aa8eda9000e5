// Package edge is the HTTP face of Parley: the server, what every request passes (request id, limits,
// headers, authentication, deadline, idempotency), the one table from faults to statuses, and the
// writers of event streams. The APIs are lists of Route in openaiapi, chatapi and adminapi: they decode,
// call and encode, and hold no rules. Begin with route.go.
package edge
