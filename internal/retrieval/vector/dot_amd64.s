#include "textflag.h"

// sum256 adds the eight numbers of Y0 up into X0.
#define sum256 \
	VEXTRACTI128 $1, Y0, X1 \
	VPADDD X1, X0, X0 \
	VPSHUFD $0x4E, X0, X1 \
	VPADDD X1, X0, X0 \
	VPSHUFD $0xB1, X0, X1 \
	VPADDD X1, X0, X0

// func rowsVNNI(out *int32, rows *uint8, n, dim int, query *int8)
TEXT ·rowsVNNI(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), R8
	MOVQ rows+8(FP), DI
	MOVQ n+16(FP), CX
	MOVQ dim+24(FP), DX
	MOVQ query+32(FP), SI

row:
	VPXORQ Z0, Z0, Z0
	XORQ   R9, R9

part:
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
	ADDQ          DX, DI
	DECQ          CX
	JNZ           row
	VZEROUPPER
	RET

// func rowsAVX2(out *int32, rows *uint8, n, dim int, query *int8)
TEXT ·rowsAVX2(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), R8
	MOVQ rows+8(FP), DI
	MOVQ n+16(FP), CX
	MOVQ dim+24(FP), DX
	MOVQ query+32(FP), SI

row:
	VPXOR Y0, Y0, Y0
	XORQ  R9, R9

part:
	VPMOVZXBW (DI)(R9*1), Y1
	VPMOVSXBW (SI)(R9*1), Y2
	VPMADDWD  Y1, Y2, Y2
	VPADDD    Y2, Y0, Y0
	ADDQ      $16, R9
	CMPQ      R9, DX
	JLT       part
	sum256
	VMOVD     X0, (R8)
	ADDQ      $4, R8
	ADDQ      DX, DI
	DECQ      CX
	JNZ       row
	VZEROUPPER
	RET
