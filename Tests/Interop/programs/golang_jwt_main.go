package main

import (
	"bufio"
	"fmt"
	"os"
)

// The page's functions for golang-jwt: a token a line, `yes` or `no`.
func main() {
	var set keySet
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if claims, err := verify(&set, lines.Text()); err != nil {
			fmt.Println("no", err)
		} else {
			fmt.Println("yes", claims["sub"])
		}
	}
}
