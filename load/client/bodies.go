package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"math/rand/v2"
	"strconv"
)

// body is what a key holds, with all that is known of it before the first request is sent.
type body struct {
	bytes  []byte
	sha256 string
	crc32  string // base64 of the big-endian sum, as x-amz-checksum-crc32 carries it
}

// bodies are few: key number n always holds bodies[n % len(bodies)], so every reader knows what to expect,
// in this process, in a later one, and in the null server. Large ones are fewer, to spare memory.
func makeBodies(size int) []body {
	count := 8
	if size > 8<<20 {
		count = 1
	}
	made := make([]body, count)
	for i := range made {
		// Pseudo-random and so not compressible, and the same in every run.
		random := rand.NewPCG(uint64(size), uint64(i))
		filled := make([]byte, (size+7)/8*8)
		for at := 0; at < len(filled); at += 8 {
			binary.LittleEndian.PutUint64(filled[at:], random.Uint64())
		}
		filled = filled[:size]
		digest := sha256.Sum256(filled)
		sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(filled))
		made[i] = body{filled, hex.EncodeToString(digest[:]), base64.StdEncoding.EncodeToString(sum)}
	}
	return made
}

func appendInt(to []byte, value int) []byte { return strconv.AppendInt(to, int64(value), 10) }
