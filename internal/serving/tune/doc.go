// Package tune finds out whether a model runs faster on this machine when its weights are of another type, and
// whether it then still says the same. Candidates names the types worth trying, Compare measures a model beside
// one made of it. Both go through serving.Engine; who makes the file is the catalogue's and the engine's matter.
package tune
