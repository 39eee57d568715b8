/* Spelling: a text becomes units, one or two for each letter or digit, and the places where words
   start. Part of ``kernel.c``. */

#include <wasm_simd128.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE static inline __attribute__((always_inline))

enum { PARTS = 0, SPECIAL = 1, IGNORED = 0xFFFF };          /* what a character can count as */
enum { WINDOW = 1 << 16, SLACK = 64 };                      /* of a text that is spelled at once */
enum { WIDE = 64 };                                         /* bytes that are told at once */

static u16 folds[0x10000];                                  /* units of a code point */
static u64 secrets[256];                                    /* by unit; 0 and 1 are not units */
static u8 plain[256];                                       /* the unit of a byte, or SPECIAL */

static u8 units[2 * WINDOW + SLACK];
static u32 starts[WINDOW + 2], firsts[WINDOW + 2], lasts[WINDOW + 2];

EXPORT(folds_at) u16 *folds_at(void) { return folds; }
EXPORT(secrets_at) u64 *secrets_at(void) { return secrets; }

static void prepare_spelling(void) {
    for (int i = 0; i < 256; i++) plain[i] = i < 128 ? folds[i] : SPECIAL;
    plain[0] = plain['\\'] = plain['&'] = plain['%'] = plain['<'] = plain['='] = SPECIAL;
}

static u32 smaller(u32 one, u32 other) { return one < other ? one : other; }

static int hexadecimal(const u8 *data, u32 at, u32 end, u32 digits) {
    int value = 0;
    if (at + digits > end || digits > 6) return -1;
    for (u32 i = at; i < at + digits; i++) {
        u8 byte = data[i], low = byte | 32;
        if (byte >= '0' && byte <= '9') value = value * 16 + byte - '0';
        else if (low >= 'a' && low <= 'f') value = value * 16 + low - 'a' + 10;
        else return -1;
    }
    return value;
}

/* Each of these returns the code point that begins at ``*at``, and moves ``*at`` behind it. */

static u32 backslash(const u8 *data, u32 *at, u32 end) {
    u32 from = *at;
    *at = from + 1;
    if (from + 1 >= end) return PARTS;
    u8 byte = data[from + 1];
    if (byte == 'u') {
        int code = hexadecimal(data, from + 2, end, 4);
        *at = code > 0 ? from + 6 : from + 2;
        return code > 0 ? code : PARTS;
    }
    if (byte == 'n' || byte == 'r' || byte == 't' || byte == 'b' || byte == 'f') *at = from + 2;
    return PARTS;
}

static u32 numeric_entity(const u8 *data, u32 at, u32 stop) {
    u32 code = 0;
    if (at < stop && (data[at] | 32) == 'x') {
        int read = hexadecimal(data, at + 1, stop, stop - at - 1);
        return read > 0 ? read : PARTS;
    }
    for (u32 i = at; i < stop; i++) {
        if (data[i] < '0' || data[i] > '9') return PARTS;
        code = code * 10 + data[i] - '0';
    }
    return code;
}

/* Whether ``name`` is a letter with an accent, as in "eacute". */
static int is_accented(const u8 *name, u32 size) {
    static const char *const accents[] = {
        "acute", "grave", "circ", "tilde", "uml", "ring", "cedil", "slash", "caron", "lig"};
    for (u32 i = 0; i < sizeof accents / sizeof *accents; i++) {
        u32 matched = 0;
        while (accents[i][matched] && matched + 1 < size
               && accents[i][matched] == name[matched + 1]) matched++;
        if (!accents[i][matched] && matched + 1 == size) return 1;
    }
    return 0;
}

/* &#233; and &#xe9; are a character, &eacute; is its letter, &amp; parts. */
static u32 entity(const u8 *data, u32 *at, u32 end) {
    u32 from = *at + 1, stop = from;
    *at = from;
    while (stop < end && stop - from < 9 && data[stop] != ';') stop++;
    if (stop >= end || data[stop] != ';' || stop == from) return PARTS;
    if (data[from] == '#') {
        *at = stop + 1;
        return numeric_entity(data, from + 1, stop);
    }
    for (u32 i = from; i < stop; i++)
        if ((data[i] | 32) < 'a' || (data[i] | 32) > 'z') return PARTS;
    *at = stop + 1;
    return is_accented(data + from, stop - from) ? data[from] | 32 : PARTS;
}

/* %40 parts words as the @ does that it stands for; other percent signs stand alone. */
static u32 percent(const u8 *data, u32 *at, u32 end) {
    int code = hexadecimal(data, *at + 1, end, 2);
    *at += (code >= 32 && code < 48) || (code >= 58 && code <= 64) ? 3 : 1;
    return PARTS;
}

/* The name of a tag is no word; what is in its attributes is. */
static u32 tag(const u8 *data, u32 *at, u32 end) {
    u32 i = *at + 1;
    *at = i;
    if (i < end && data[i] == '/') i++;
    u32 begin = i;
    while (i < end && i - begin < 10
           && ((data[i] >= 'a' && data[i] <= 'z') || (data[i] >= '1' && data[i] <= '6'))) i++;
    if (begin < i && i < end && (data[i] == ' ' || data[i] == '/' || data[i] == '>')) *at = i;
    return PARTS;
}

/* UTF-8, or what is none: then one byte of Latin-1, unless it marks an order of bytes. */
static u32 multibyte(const u8 *data, u32 *at, u32 end) {
    u32 from = *at, byte = data[from], size = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    *at = from + 1;
    if (byte >= 0xFE) return PARTS;
    if (byte < 0xC2 || from + size > end) return byte;
    u32 code = byte & (0x7F >> size);
    for (u32 i = from + 1; i < from + size; i++) {
        if ((data[i] & 0xC0) != 0x80) return byte;
        code = code << 6 | (data[i] & 0x3F);
    }
    *at = from + size;
    return code;
}

/* A zero between two characters is half of one in UTF-16; any other parts. */
static u32 zero(const u8 *data, u32 *at, u32 begin, u32 end) {
    u32 from = (*at)++;
    int before = from >= begin + 2 && !data[from - 2] && data[from - 1];
    int after = from + 2 < end && !data[from + 2] && data[from + 1];
    return before || after ? IGNORED : PARTS;
}

/* The units of the character that begins at ``*at``, if its byte does not tell them. */
static u32 folded(const u8 *data, u32 *at, u32 begin, u32 end) {
    u8 byte = data[*at];
    if (byte == 0) return zero(data, at, begin, end) == IGNORED ? IGNORED : PARTS;
    u32 code = byte >= 128    ? multibyte(data, at, end)
               : byte == '\\' ? backslash(data, at, end)
               : byte == '&'  ? entity(data, at, end)
               : byte == '%'  ? percent(data, at, end)
               : byte == '<'  ? tag(data, at, end)
                              : ((*at)++, PARTS);
    return folds[code < 0x10000 ? code : 0x4E00 + (code & 0xFFF)];
}

/* =40 and =C3=A9 and a = before the end of a line; not ="40" nor ?id=50. */
static int is_quoted(const u8 *data, u32 at, u32 end) {
    if (at + 1 < end && (data[at + 1] == '\n' || data[at + 1] == '\r')) return 1;
    int code = hexadecimal(data, at + 1, end, 2);
    return code >= 0 && (code >= 128 || plain[code] <= SPECIAL);
}

/* What a window of a text has: units, words, and whether something may be encoded. */
struct spelled { u32 units, words, quoted, mixed_case, at; };

/* Which of sixteen bytes are letters or digits, and which need a closer look. */
INLINE u64 letters_in(v128_t bytes) {
    v128_t lower = wasm_v128_or(bytes, wasm_i8x16_splat(0x20));
    v128_t letter = wasm_u8x16_lt(wasm_i8x16_sub(lower, wasm_i8x16_splat('a')), wasm_i8x16_splat(26));
    v128_t digit = wasm_u8x16_lt(wasm_i8x16_sub(bytes, wasm_i8x16_splat('0')), wasm_i8x16_splat(10));
    return wasm_i8x16_bitmask(wasm_v128_or(letter, digit));
}

INLINE u64 special_in(v128_t bytes) {
    v128_t percent_or_and = wasm_i8x16_sub(bytes, wasm_i8x16_splat('%'));
    v128_t less_or_equal = wasm_i8x16_sub(bytes, wasm_i8x16_splat('<'));
    v128_t one = wasm_v128_or(wasm_u8x16_lt(percent_or_and, wasm_i8x16_splat(2)),
                              wasm_u8x16_lt(less_or_equal, wasm_i8x16_splat(2)));
    v128_t other = wasm_v128_or(wasm_i8x16_eq(bytes, wasm_i8x16_splat('\\')),
                                wasm_i8x16_eq(bytes, wasm_i8x16_splat(0)));
    return wasm_i8x16_bitmask(wasm_v128_or(bytes, wasm_v128_or(one, other)));
}

INLINE u64 small_in(v128_t bytes) { return wasm_i8x16_bitmask(wasm_i8x16_shl(bytes, 2)); }

/* One bit for each of the bytes from ``at`` on, ``size`` of them. */
struct masks { u64 letters, special, small; u32 size; };

INLINE struct masks masks_of(const u8 *data, u32 at, u32 end) {
    struct masks m = {0, 0, 0, smaller(end - at, WIDE)};
    for (u32 i = 0; i < WIDE; i += 16) {
        v128_t bytes = wasm_v128_load(data + at + i);
        m.letters |= letters_in(bytes) << i;
        m.special |= special_in(bytes) << i;
        m.small |= small_in(bytes) << i;
    }
    u64 known = ~0ULL >> (64 - m.size);
    m.letters &= known;
    m.special &= known;
    return m;
}

INLINE u32 ones_in(u64 bits) { return ~bits ? __builtin_ctzll(~bits) : 64; }

INLINE void copy_lower(u8 *to, const u8 *from, u32 size) {
    const v128_t bit = wasm_i8x16_splat(0x20);
    wasm_v128_store(to, wasm_v128_or(wasm_v128_load(from), bit));
    for (u32 i = 16; i < size; i += 16)
        wasm_v128_store(to + i, wasm_v128_or(wasm_v128_load(from + i), bit));
}

/* Spell a window of a text into ``units`` and ``starts``; ``places``: say where its words are.

   Word by word as far as the bytes tell their units themselves, as most do. */
INLINE struct spelled spell(const u8 *data, u32 begin, u32 at, u32 end, int places) {
    u32 count = 0, words = 0, in_word = 0, quoted = 0;
    u64 mixed_case = 0;
    while (at < end) {
        struct masks m = masks_of(data, at, end);
        u32 base = at;
        mixed_case |= m.letters & ~m.small & m.small << 1;
        for (;;) {
            u32 from = at - base, known = m.special ? __builtin_ctzll(m.special) : m.size;
            u64 letters = m.letters & ((m.special & -m.special) - 1);
            while (letters) {
                u32 skipped = __builtin_ctzll(letters), size = ones_in(letters >> skipped);
                u32 is_new = !in_word | (skipped != from);
                starts[words] = count;
                if (places && is_new) firsts[words] = base + skipped;
                words += is_new;
                if (places) lasts[words - 1] = base + skipped + size;
                copy_lower(units + count, data + base + skipped, size);
                count += size;
                if (skipped + size == 64) break;
                letters &= ~0ULL << (skipped + size);
            }
            if (known > from) in_word = m.letters >> (known - 1) & 1;
            at = base + known;
            if (!m.special) break;
            u32 here = at;
            if (data[at] == '=') quoted |= is_quoted(data, at, end);
            u32 unit = folded(data, &at, begin, end);
            if (unit != IGNORED) {
                if (unit && !in_word) {
                    starts[words] = count;
                    if (places) firsts[words] = here;
                    words++;
                }
                in_word = unit != 0;
                if (unit) {
                    if (places) lasts[words - 1] = at;
                    units[count++] = unit;
                    if (unit >> 8) units[count++] = unit >> 8;
                }
            }
            if (at - base >= m.size) break;
            m.letters &= ~0ULL << (at - base);
            m.special &= ~0ULL << (at - base);
        }
    }
    starts[words] = count;
    *(u64 *)(units + count) = 0;
    return (struct spelled){count, words, quoted, mixed_case != 0, at};
}

static u64 hash(u64 value, u32 from, u32 to) {
    const u64 base = secrets[1] | 1;
    for (u32 i = from; i < to; i++) value = value * base + secrets[units[i]];
    return value;
}
