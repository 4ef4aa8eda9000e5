// Package conversation keeps what was said. A conversation's messages form a tree: a question asked anew, a
// new attempt and an answer that goes on are siblings of the old ones, and the conversation's leaf says which
// branch its reader has chosen. Only Edit, which a reader asks for, changes a text in place. Titles and texts
// are sealed with the tenant's key, so that no database file, log or backup holds them in the clear; search
// therefore opens and reads them, newest first, and keeps no index.
//
// Begin at Store.Begin, which opens a turn; Progress and Finish carry its answer. What a turn does in
// between is not this package's.
package conversation
