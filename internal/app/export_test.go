package app

// NewEngine is what runs the models of a server with these settings.
var NewEngine = newEngine
