// Package scenarios is the scenario language of pamlab and its player.
package scenarios
