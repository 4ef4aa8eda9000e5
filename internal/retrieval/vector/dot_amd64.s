#include "textflag.h"

// sum256 adds the eight numbers of Y0 up into X0.
#define sum256 \
	VEXTRACTI128 $1, Y0, X1 \
	VPADDD X1, X0, X0 \
	VPSHUFD $0x4E, X0, X1 \
	VPADDD X1, X0, X0 \
	VPSHUFD $0xB1, X0, X1 \
	VPADDD X1, X0, X0

// ahead has R10 be the row that comes four after the one of BX, or this one where there are not so many.
#define ahead \
	MOVQ    DI, R10 \
	CMPQ    CX, $5 \
	JLT     2(PC) \
	MOVQ    32(BX), R10

// func rowsVNNI(out *int32, rows **uint8, n, dim int, query *int8)
TEXT ·rowsVNNI(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), R8
	MOVQ rows+8(FP), BX
	MOVQ n+16(FP), CX
	MOVQ dim+24(FP), DX
	MOVQ query+32(FP), SI

row:
	MOVQ   (BX), DI
	ahead
	VPXORQ Z0, Z0, Z0
	XORQ   R9, R9

part:
	PREFETCHT0    (R10)(R9*1)
	VMOVDQU8      (DI)(R9*1), Z1
	VPDPBUSD      (SI)(R9*1), Z1, Z0
	ADDQ          $64, R9
	CMPQ          R9, DX
	JLT           part
	VEXTRACTI64X4 $1, Z0, Y1
	VPADDD        Y1, Y0, Y0
	sum256
	VMOVD         X0, (R8)
	ADDQ          $4, R8
	ADDQ          $8, BX
	DECQ          CX
	JNZ           row
	VZEROUPPER
	RET

// func rowsAVX2(out *int32, rows **uint8, n, dim int, query *int8)
//
// The processor multiplies unsigned by signed bytes and adds two products in 16 bits, which 255*127*2 would not fit in. So the
// sign of the query goes to the row, and what is multiplied is at most 127 on both sides.
TEXT ·rowsAVX2(SB), NOSPLIT, $0-40
	MOVQ      out+0(FP), R8
	MOVQ      rows+8(FP), BX
	MOVQ      n+16(FP), CX
	MOVQ      dim+24(FP), DX
	MOVQ      query+32(FP), SI
	VPCMPEQW  Y6, Y6, Y6
	VPSLLW    $15, Y6, Y7
	VPACKSSWB Y7, Y7, Y7       // 128 in each byte
	VPSRLW    $15, Y6, Y6      // 1 in each word

row:
	MOVQ  (BX), DI
	ahead
	VPXOR Y0, Y0, Y0
	XORQ  R9, R9

part:
	PREFETCHT0 (R10)(R9*1)
	VMOVDQU    (SI)(R9*1), Y2
	VPXOR      (DI)(R9*1), Y7, Y1
	VPABSB     Y2, Y3
	VPSIGNB    Y2, Y1, Y1
	VPMADDUBSW Y1, Y3, Y1
	VPMADDWD   Y6, Y1, Y1
	VPADDD     Y1, Y0, Y0
	ADDQ       $32, R9
	CMPQ       R9, DX
	JLT        part
	sum256
	VMOVD      X0, (R8)
	ADDQ       $4, R8
	ADDQ       $8, BX
	DECQ       CX
	JNZ        row
	VZEROUPPER
	RET
