import AccessToken
import Testing

@Suite struct TwoGenerationCacheTests {
    @Test("A full younger generation replaces the older one")
    func generations() {
        var cache = TwoGenerationCache<Int, String>(capacity: 2)
        #expect((1...3).map { cache.insert("\($0)", for: $0) } == [false, false, true])
        #expect(cache[1] == "1")
        #expect(cache.youngerCount == 1)
        for key in 4...5 { cache.insert("\(key)", for: key) }
        #expect(cache[1] == nil)
        #expect(cache[3] == "3")
        #expect(cache.count == 3)
    }

    @Test("Replacing an entry begins no new generation")
    func replacing() {
        var cache = TwoGenerationCache<Int, String>(capacity: 2)
        for key in 1...2 { cache.insert("old", for: key) }
        cache.insert("new", for: 2)
        #expect(cache[2] == "new")
        #expect(cache.youngerCount == 2)
    }

    @Test("An entry is removed from both generations")
    func removing() {
        var cache = TwoGenerationCache<Int, String>(capacity: 1)
        cache.insert("first", for: 1)
        cache.beginGeneration()
        cache.insert("second", for: 1)
        cache.removeValue(for: 1)
        #expect(cache[1] == nil)
        #expect(cache.isEmpty)
    }
}
